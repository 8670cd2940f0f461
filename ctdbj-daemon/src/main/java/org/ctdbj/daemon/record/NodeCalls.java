// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReqCall;

/**
 * REQ_CALL of other nodes, and of the own node after a recovery: redirects it towards the data
 * master; as data master gives the record, or a read-only copy of it, away. Calls that wait (for a
 * chain lock, behind a DMASTER packet, for the end of a pin or a revoke, for room on the disk) are
 * dropped when the generation has changed: their node sends them anew. They are bounded by what the
 * nodes have open: with FetchCollapse one per key and node.
 */
final class NodeCalls {
  private final RecordAccess access;
  private final ChainLocks locks;
  private final ReadOnlyDelegations readOnly;
  private final StickyRecords sticky;
  private final Migration migration;
  private final DatabaseCounters counters;
  private boolean closed;

  NodeCalls(
      RecordAccess access,
      ChainLocks locks,
      ReadOnlyDelegations readOnly,
      StickyRecords sticky,
      Migration migration,
      DatabaseCounters counters) {
    this.access = access;
    this.locks = locks;
    this.readOnly = readOnly;
    this.sticky = sticky;
    this.migration = migration;
    this.counters = counters;
  }

  /** Handles a call, now or when its record is free. */
  void call(ReqCall call) {
    var key = RecordKey.of(call.key());
    if (sticky.park(key, rerun(call)) || migration.append(key, rerun(call))) {
      return;
    }
    try {
      if (!locks.tryLock(key)) {
        locks.whenFree(key, rerun(call));
        return;
      }
      try {
        withLock(key, call);
      } finally {
        locks.unlock(key);
      }
    } catch (StoreException e) {
      access.failed("serving a call of node " + call.header().source(), key, e);
      if (e.isNoRoom()) {
        access.othersWork.add(rerun(call));
      }
    }
  }

  private Runnable rerun(ReqCall call) {
    int generation = access.generation();
    return () -> {
      if (generation == access.generation() && !closed) {
        access.node.statistics().increment(Counter.NODE_REQ_CALL);
        call(call);
      }
    };
  }

  private void withLock(RecordKey key, ReqCall call) {
    int self = access.node.pnn();
    boolean wantReadOnly = access.isReadOnly() && (call.flags() & Calls.FLAG_WANT_READONLY) != 0;
    StoredRecord record = readOnly.settle(key, access.fetch(key));
    if (record.header().dmaster() != self) {
      redirect(key, record, call);
      return;
    }
    if (readOnly.mustWait(key, record, wantReadOnly)) {
      readOnly.defer(key, wantReadOnly, rerun(call));
      return;
    }
    int source = call.header().source();
    // A copy for the own node would have to be called back from itself: it gets the record instead.
    if (wantReadOnly && call.callId() == Calls.FETCH_WITH_HEADER && source != self) {
      reply(call, readOnly.grant(key, record, source));
      return;
    }
    access.node.statistics().hops(call.hopCount());
    counters.hops(call.hopCount());
    sticky.arrivedAfter(key, call.hopCount());
    if (source == self) {
      reply(call, access.execute(key, call.callId(), record));
    } else if (access.commitRunning()) {
      access
          .node
          .log()
          .warning(
              "database %s: call of node %d for key %s dropped, a transaction is being committed"
                  .formatted(access.name, source, key));
    } else {
      migration.give(key, record, call);
    }
  }

  private void redirect(RecordKey key, StoredRecord record, ReqCall call) {
    int self = access.node.pnn();
    int lmaster = access.lmaster(key);
    int target = lmaster == self ? record.header().dmaster() : lmaster;
    if (target == Pnn.UNKNOWN) {
      return; // no location masters: the recovery that brings them makes the source send the call
      // anew
    }
    int hops = call.hopCount() + 1;
    if (Integer.remainderUnsigned(hops, 100) > 95) {
      access
          .node
          .log()
          .warning(
              "database %s: call of node %d for key %s has taken %s hops, is redirected to node %s; rsn %d, data master %s"
                  .formatted(
                      access.name,
                      call.header().source(),
                      key,
                      Integer.toUnsignedString(hops),
                      Pnn.toString(target),
                      record.header().rsn(),
                      Pnn.toString(record.header().dmaster())));
    }
    access.node.send(
        new ReqCall(
            call.header().to(target),
            call.flags(),
            call.databaseId(),
            call.callId(),
            hops,
            call.key(),
            call.data()));
  }

  private void reply(ReqCall call, Bytes data) {
    access.node.send(
        new ReplyCall(
            new Header(
                access.generation(),
                call.header().source(),
                access.node.pnn(),
                call.header().reqid()),
            0,
            data));
  }

  /** No parked call is handled any more. */
  void close() {
    closed = true;
  }
}
