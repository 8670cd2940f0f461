// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqCall;

/**
 * The part of a vacuuming run that migrates to this node, their location master, the records that
 * other nodes have emptied. They come home by ordinary calls, a limited number at a time.
 */
final class VacuumFetches extends CallSource {
  private static final int CONCURRENT_CALLS = 32;

  private final RecordAccess access;
  private final ChainLocks locks;
  private final ClientCalls calls;
  private final VacuumRun run;
  private final Set<RecordKey> wanted;
  private final Deque<RecordKey> left = new ArrayDeque<>();
  private final Map<Integer, RecordKey> underWay = new HashMap<>();
  private Runnable next;
  private int lastReqid;
  private boolean scheduled;

  VacuumFetches(
      RecordAccess access,
      ChainLocks locks,
      ClientCalls calls,
      VacuumRun run,
      Set<RecordKey> wanted) {
    this.access = access;
    this.locks = locks;
    this.calls = calls;
    this.run = run;
    this.wanted = wanted;
  }

  /** Migrates the records; then goes on, not inside this call. */
  void start(Runnable whenDone) {
    next = whenDone;
    left.addAll(wanted);
    continueLater();
  }

  /** Ends it; returns the keys that are still wanted. */
  Set<RecordKey> stop() {
    calls.end(this);
    return wanted;
  }

  private void continueLater() {
    if (!scheduled) {
      scheduled = true;
      access.node.timers().schedule(0, this::some);
    }
  }

  private void some() {
    scheduled = false;
    if (!run.goesOn()) {
      return;
    }
    int seen = 0;
    while (!left.isEmpty()
        && underWay.size() < CONCURRENT_CALLS
        && seen++ < VacuumRun.SLICE_RECORDS) {
      RecordKey key = left.removeFirst();
      if (elsewhere(key)) {
        call(key);
      }
    }
    if (left.isEmpty() && underWay.isEmpty()) {
      next.run();
    } else if (underWay.size() < CONCURRENT_CALLS && !left.isEmpty()) {
      continueLater();
    }
  }

  private void call(RecordKey key) {
    int reqid = ++lastReqid;
    underWay.put(reqid, key);
    calls.call(
        this,
        new ReqCall(
            new Header(0, 0, 0, reqid),
            Calls.FLAG_IMMEDIATE_MIGRATION | Calls.FLAG_VACUUM_MIGRATION,
            access.databaseId,
            Calls.NULL,
            0,
            key.bytes(),
            Bytes.EMPTY));
  }

  /** A record has come home; what it is now, vacuuming looks at in the next run. */
  @Override
  void reply(int reqid, int status, Bytes data) {
    RecordKey key = underWay.remove(reqid);
    wanted.remove(key);
    try {
      if (locks.tryLock(key)) {
        try {
          StoredRecord record = access.store.fetch(key);
          if (record != null && record.data().isEmpty()) {
            access.queues.schedule(key, record.header());
          }
        } finally {
          locks.unlock(key);
        }
      }
    } catch (StoreException e) {
      access.failed("vacuuming", key, e);
    }
    continueLater();
  }

  /**
   * Whether the record exists and another node is data master. A busy one is left for the next run.
   */
  private boolean elsewhere(RecordKey key) {
    try {
      if (!locks.tryLock(key)) {
        return false;
      }
      try {
        StoredRecord record = access.store.fetch(key);
        boolean elsewhere = record != null && record.header().dmaster() != access.node.pnn();
        if (!elsewhere) {
          wanted.remove(key);
        }
        return elsewhere;
      } finally {
        locks.unlock(key);
      }
    } catch (StoreException e) {
      wanted.remove(key);
      access.failed("vacuuming", key, e);
      return false;
    }
  }
}
