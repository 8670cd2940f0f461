// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.HashMap;
import java.util.Map;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReqCall;

/**
 * Calls that begin at this node: of its clients and of its vacuuming. A call is answered here if
 * this node is the record's data master; else the record is asked for, and the answer comes when it
 * has arrived and is in the file with this node as data master (or as a read-only copy, if that is
 * enough). smbd waits for its answer without limit, so a call that cannot be served now stays with
 * the node until it can.
 */
final class ClientCalls {
  private final RecordEngine engine;
  private final RecordAccess access;
  private final ChainLocks locks;
  private final FetchCollapse collapse;
  private final ReadOnlyDelegations readOnly;
  private final PendingCalls pending;
  private final Map<Integer, ClientSource> clients = new HashMap<>();
  private boolean closed;

  /** One local client. */
  private final class ClientSource extends CallSource {
    private final int clientId;

    ClientSource(int clientId) {
      this.clientId = clientId;
    }

    @Override
    void reply(int reqid, int status, Bytes data) {
      access.node.sendToClient(clientId, new ReplyCall(new Header(0, 0, 0, reqid), status, data));
    }
  }

  ClientCalls(
      RecordEngine engine,
      RecordAccess access,
      ChainLocks locks,
      FetchCollapse collapse,
      ReadOnlyDelegations readOnly,
      PendingCalls pending) {
    this.engine = engine;
    this.access = access;
    this.locks = locks;
    this.collapse = collapse;
    this.readOnly = readOnly;
    this.pending = pending;
  }

  /** A client's call. Nothing happens if the client has gone. */
  void call(int clientId, ReqCall call) {
    if (!access.node.clientConnected(clientId)) {
      return;
    }
    ClientSource source = clients.get(clientId);
    if (source == null) {
      source = new ClientSource(clientId);
      clients.put(clientId, source);
      ClientSource watched = source;
      access.node.onClientGone(
          clientId,
          () -> {
            clients.remove(clientId, watched);
            end(watched);
          });
    }
    call(source, call);
  }

  /** Drops all calls of a source. */
  void end(CallSource source) {
    source.end().forEach(pending::forget);
  }

  /** Handles a call, now or when its record is free. */
  void call(CallSource source, ReqCall call) {
    access.node.statistics().increment(Counter.TOTAL_CALLS);
    var key = RecordKey.of(call.key());
    try {
      if (!locks.tryLock(key)) {
        locks.whenFree(key, rerun(source, call));
        return;
      }
      Runnable answer;
      try {
        answer = withLock(source, key, call);
      } finally {
        locks.unlock(key);
      }
      if (answer != null) {
        locks.afterUnlock(answer);
      }
    } catch (StoreException e) {
      access.failed("serving a client's call", key, e);
      if (e.isNoRoom()) {
        access.ownWork.add(rerun(source, call));
      } else {
        access.node.timers().scheduleSeconds(PendingCalls.RETRY_SECONDS, rerun(source, call));
      }
    }
  }

  private Runnable rerun(CallSource source, ReqCall call) {
    return () -> {
      if (source.alive() && !closed) {
        access.node.statistics().increment(Counter.CLIENT_REQ_CALL);
        call(source, call);
      }
    };
  }

  /** Returns what is to be done after the unlock, or null. */
  private Runnable withLock(CallSource source, RecordKey key, ReqCall call) {
    StoredRecord record = access.fetch(key);
    if (collapse.append(key, rerun(source, call))) {
      return null;
    }
    int flags = access.isReadOnly() ? call.flags() : call.flags() & ~Calls.FLAG_WANT_READONLY;
    boolean wantReadOnly = (flags & Calls.FLAG_WANT_READONLY) != 0;
    record = readOnly.settle(key, record);
    if (readOnly.mustWait(key, record, wantReadOnly)) {
      var later =
          new ReqCall(
              call.header(), flags, call.databaseId(), call.callId(), 0, call.key(), call.data());
      readOnly.defer(key, wantReadOnly, rerun(source, later));
      return null;
    }
    boolean strip = wantReadOnly && call.callId() == Calls.FETCH;
    if (record.header().dmaster() == access.node.pnn()) {
      long startNanos = access.node.timers().nowNanos();
      // As ctdbd does: who accepts a copy gets the header too, except after a plain fetch.
      int callId = wantReadOnly && !strip ? Calls.FETCH_WITH_HEADER : call.callId();
      Bytes result = access.execute(key, callId, record);
      return () -> {
        pending.count(startNanos);
        source.reply(call.header().reqid(), 0, result);
      };
    }
    pending.send(engine, source, call, key, flags, strip, record.header().dmaster());
    return null;
  }

  /** No parked call is handled any more. */
  void close() {
    closed = true;
    clients.clear();
  }
}
