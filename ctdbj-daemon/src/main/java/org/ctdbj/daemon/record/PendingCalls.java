// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.node.NodeStatistics.LatencyKind;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqCall;

/**
 * The calls of this node to which other nodes have to answer, for one database. A call has no time
 * limit: if a node on its way dies, the recovery that follows ends in {@link #resend}.
 */
final class PendingCalls {
  /** After which a call that a peer refused is tried again. */
  static final int RETRY_SECONDS = 1;

  private final RecordAccess access;
  private final FetchCollapse collapse;
  private final Map<Integer, PendingCall> calls = new LinkedHashMap<>();

  PendingCalls(RecordAccess access, FetchCollapse collapse) {
    this.access = access;
    this.collapse = collapse;
  }

  /** Sends a call to the node that may be data master. */
  void send(
      RecordEngine engine,
      CallSource source,
      ReqCall asked,
      RecordKey key,
      int flags,
      boolean strip,
      int destination) {
    int callId = (flags & Calls.FLAG_WANT_READONLY) != 0 ? Calls.FETCH_WITH_HEADER : asked.callId();
    var request =
        new ReqCall(
            asked.header(),
            flags,
            access.databaseId,
            callId,
            0,
            key.bytes(),
            asked.data().detached());
    var call =
        new PendingCall(
            engine,
            source,
            asked.header().reqid(),
            key,
            request,
            strip,
            access.node.timers().nowNanos());
    source.add(call);
    access.node.statistics().increment(Counter.PENDING_CALLS);
    register(call);
    transmit(call, destination);
    collapse.begin(call);
  }

  /** Answers a call and forgets it. The chain is not locked by this node. */
  void complete(PendingCall call, int status, Bytes data) {
    if (!waits(call, call.reqid)) {
      return; // its client has gone while the answer waited for the unlock
    }
    forget(call);
    call.source.remove(call);
    count(call.startNanos);
    boolean strip = call.stripHeader && data.length() >= RecordHeader.SIZE;
    call.source.reply(call.sourceReqid, status, strip ? data.from(RecordHeader.SIZE) : data);
  }

  /** Latency of a call that has been answered. */
  void count(long startNanos) {
    access
        .node
        .statistics()
        .latency(LatencyKind.CALL, (access.node.timers().nowNanos() - startNanos) / 1e9);
  }

  /**
   * Nobody wants the answer any more. An answer that comes all the same still moves the record
   * here.
   */
  void forget(PendingCall call) {
    calls.remove(call.reqid);
    access.node.reqids().remove(call.reqid);
    access.node.statistics().add(Counter.PENDING_CALLS, -1);
    collapse.end(call);
  }

  /**
   * Whether the call still waits under this reqid: not answered, not dropped, not sent again since.
   */
  boolean waits(PendingCall call, int reqid) {
    return calls.get(reqid) == call;
  }

  /**
   * Sends all calls again, to the own node, which routes them by its present records: with new
   * reqids, so that answers from before the recovery find nothing, and with the present generation.
   */
  void resend() {
    for (PendingCall call : new ArrayList<>(calls.values())) {
      resend(call);
    }
  }

  /**
   * A peer could not serve the call. ctdbd then forgets the call and leaves the client without an
   * answer for ever; here it is tried again, because the usual reason (the database is not attached
   * there yet) passes.
   */
  void refused(PendingCall call) {
    int reqid = call.reqid;
    access
        .node
        .timers()
        .scheduleSeconds(
            RETRY_SECONDS,
            () -> {
              if (waits(call, reqid)) {
                resend(call);
              }
            });
  }

  private void resend(PendingCall call) {
    calls.remove(call.reqid);
    access.node.reqids().remove(call.reqid);
    register(call);
    transmit(call, access.node.pnn());
  }

  private void register(PendingCall call) {
    call.reqid = access.node.reqids().allocate(call);
    calls.put(call.reqid, call);
  }

  private void transmit(PendingCall call, int destination) {
    if (destination == Pnn.UNKNOWN) {
      return; // no location masters yet: the recovery that brings them ends in a resend
    }
    access.node.send(
        call.request.withHeader(
            new Header(access.generation(), destination, access.node.pnn(), call.reqid)));
  }

  int count() {
    return calls.size();
  }

  /** Drops all calls without an answer. */
  void close() {
    for (PendingCall call : new ArrayList<>(calls.values())) {
      call.source.remove(call);
      forget(call);
    }
  }
}
