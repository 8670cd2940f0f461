// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.ctdbj.protocol.RecordFlags.MIGRATED_WITH_DATA;
import static org.ctdbj.protocol.RecordFlags.RO_FLAGS;
import static org.ctdbj.protocol.RecordFlags.RO_HAVE_DELEGATIONS;
import static org.ctdbj.protocol.RecordFlags.RO_HAVE_READONLY;
import static org.ctdbj.protocol.RecordFlags.RO_REVOKE_COMPLETE;
import static org.ctdbj.protocol.RecordFlags.RO_REVOKING_READONLY;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordBuffer;

/**
 * Read-only copies: who has one, and calling them back. Which nodes have copies is kept in memory:
 * ctdbd's tracking file is emptied by each recovery and by each start, so nothing is lost.
 *
 * <p>To call copies back ("revoke"), the data master marks its record, sends every holder the data
 * as an ordinary record (UPDATE_RECORD, which takes the read-only flag from the holder's copy), and
 * when all have answered marks the record as complete. Calls for the record wait meanwhile. If a
 * holder does not answer, the mark is taken back and the next call tries again, 1 s later; if the
 * holder is dead, the recovery that follows ends all delegations.
 */
final class ReadOnlyDelegations {
  /** Calls that could do with a copy let the others go first; and nothing is retried faster. */
  static final int RETRY_SECONDS = 1;

  private final RecordAccess access;
  private final ChainLocks locks;
  private final DatabaseCounters counters;
  private final Map<RecordKey, SortedSet<Integer>> holders = new HashMap<>();
  private final Map<RecordKey, Revoke> revokes = new HashMap<>();

  private static final class Revoke {
    final RecordKey key;
    final long rsn;
    final List<Deferred> deferred = new ArrayList<>();
    int unanswered;
    boolean holderFailed;
    boolean dropped;

    Revoke(RecordKey key, long rsn) {
      this.key = key;
      this.rsn = rsn;
    }
  }

  private record Deferred(boolean wantReadOnly, Runnable rerun) {}

  ReadOnlyDelegations(RecordAccess access, ChainLocks locks, DatabaseCounters counters) {
    this.access = access;
    this.locks = locks;
    this.counters = counters;
  }

  /**
   * The first access after a completed revoke makes the record an ordinary one again. Chain locked.
   */
  StoredRecord settle(RecordKey key, StoredRecord record) {
    RecordHeader header = record.header();
    if (!header.hasAny(RO_REVOKE_COMPLETE)) {
      return record;
    }
    header = access.store(key, header.withFlags(header.flags() & ~RO_FLAGS), record.data());
    holders.remove(key);
    access.node.statistics().increment(Counter.TOTAL_RO_REVOKES);
    counters.revoke();
    return new StoredRecord(header, record.data());
  }

  /**
   * Whether a call has to wait for a revoke; starts it if need be. Chain locked; the record has
   * been {@link #settle settled}. A record that is marked although no revoke runs (it was ended by
   * an error) gets a new one; ctdbd aborts there.
   */
  boolean mustWait(RecordKey key, StoredRecord record, boolean wantReadOnly) {
    RecordHeader header = record.header();
    if (header.dmaster() != access.node.pnn()) {
      return false;
    }
    if (!header.hasAny(RO_REVOKING_READONLY)) {
      if (wantReadOnly || !header.hasAny(RO_HAVE_DELEGATIONS | RO_HAVE_READONLY)) {
        return false;
      }
      header =
          access.store(key, header.withFlags(header.flags() | RO_REVOKING_READONLY), record.data());
    }
    if (!revokes.containsKey(key)) {
      start(key, header, record.data());
    }
    return true;
  }

  /** Keeps a call until the revoke of its record has ended. */
  void defer(RecordKey key, boolean wantReadOnly, Runnable rerun) {
    revokes.get(key).deferred.add(new Deferred(wantReadOnly, rerun));
  }

  /**
   * Gives a node a read-only copy. Chain locked.
   *
   * @return header and data for the node
   */
  Bytes grant(RecordKey key, StoredRecord record, int requester) {
    RecordHeader header = record.header();
    if (!header.hasAny(RO_HAVE_DELEGATIONS)) {
      // Room below the own number: the copy gets 2 less, and 1 less when it is called back.
      header =
          access.store(
              key,
              header.withRsn(header.rsn() + 3).withFlags(header.flags() | RO_HAVE_DELEGATIONS),
              record.data());
    }
    holders.computeIfAbsent(key, _ -> new TreeSet<>()).add(requester);
    access.node.statistics().increment(Counter.TOTAL_RO_DELEGATIONS);
    counters.delegation();
    var copy =
        header
            .withRsn(header.rsn() - 2)
            .withFlags((header.flags() | RO_HAVE_READONLY) & ~RO_HAVE_DELEGATIONS);
    return RecordAccess.withHeader(copy, record.data());
  }

  /**
   * A recovery has called back all copies: forgets holders and revokes, and handles the calls that
   * waited.
   */
  void recovered() {
    holders.clear();
    var ended = new ArrayList<>(revokes.values());
    revokes.clear();
    for (Revoke revoke : ended) {
      revoke.dropped = true;
      revoke.deferred.forEach(call -> access.node.timers().schedule(0, call.rerun()));
    }
  }

  private void start(RecordKey key, RecordHeader header, Bytes data) {
    var revoke = new Revoke(key, header.rsn());
    revokes.put(key, revoke);
    var targets = List.copyOf(holders.getOrDefault(key, new TreeSet<>()));
    if (targets.isEmpty()) {
      access.node.timers().schedule(0, () -> finish(revoke));
      return;
    }
    var released =
        header
            .withRsn(header.rsn() - 1)
            .withFlags((header.flags() & ~RO_FLAGS) | MIGRATED_WITH_DATA);
    Bytes body =
        new RecordBuffer.Builder(access.databaseId).add(0, key.bytes(), released, data).build();
    revoke.unanswered = targets.size();
    for (int target : targets) {
      access.node.control(
          target,
          Control.UPDATE_RECORD,
          0,
          0,
          0,
          body,
          access.node.tunable(Tunable.CONTROL_TIMEOUT),
          result -> {
            if (!result.ok()) {
              revoke.holderFailed = true;
              access
                  .node
                  .log()
                  .warning(
                      "node %d did not give back its read-only copy of key %s of database %s: status %d %s"
                          .formatted(target, key, access.name, result.status(), result.error()));
            }
            if (--revoke.unanswered == 0) {
              finish(revoke);
            }
          });
    }
  }

  private void finish(Revoke revoke) {
    if (revoke.dropped) {
      return;
    }
    try {
      if (!locks.tryLock(revoke.key)) {
        locks.whenFree(revoke.key, () -> finish(revoke));
        return;
      }
      boolean complete;
      try {
        complete = finishLocked(revoke);
      } finally {
        locks.unlock(revoke.key);
      }
      end(revoke, complete);
    } catch (StoreException e) {
      access.failed("completing the revoke of read-only copies", revoke.key, e);
      end(revoke, false);
    }
  }

  private boolean finishLocked(Revoke revoke) {
    StoredRecord record = access.store.fetch(revoke.key);
    int marks = RO_REVOKING_READONLY | RO_HAVE_DELEGATIONS;
    if (record == null
        || Long.compareUnsigned(record.header().rsn(), revoke.rsn) > 0
        || (record.header().flags() & marks) != marks) {
      access
          .node
          .log()
          .warning(
              "key %s of database %s changed while its read-only copies were called back: found %s"
                  .formatted(
                      revoke.key, access.name, record == null ? "nothing" : record.header()));
      return false;
    }
    RecordHeader header = record.header();
    if (revoke.holderFailed) {
      access.store(
          revoke.key, header.withFlags(header.flags() & ~RO_REVOKING_READONLY), record.data());
      return false;
    }
    access.store(
        revoke.key,
        header.withRsn(header.rsn() + 1).withFlags(header.flags() | RO_REVOKE_COMPLETE),
        record.data());
    return true;
  }

  private void end(Revoke revoke, boolean complete) {
    revokes.remove(revoke.key);
    for (Deferred call : revoke.deferred) {
      boolean now = complete && !call.wantReadOnly();
      access.node.timers().scheduleSeconds(now ? 0 : RETRY_SECONDS, call.rerun());
    }
  }
}
