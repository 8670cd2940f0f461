// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;

/**
 * One vacuuming of one database: removes records that are empty and that no node needs to know of
 * any more.
 *
 * <ol>
 *   <li>A full run first reads the whole file for empty records of which this node is data master.
 *   <li>Records that other nodes asked this node, their location master, to take are migrated here:
 *       {@link VacuumFetches}.
 *   <li>Empty records of which this node is data master: if another node is location master, it is
 *       asked to take them; if they never were elsewhere with data, they are deleted.
 *   <li>The rest is deleted on all nodes, here last: {@link VacuumDeletes}.
 * </ol>
 *
 * <p>Each record is looked at again under its lock, which is never waited for. The node thread is
 * given back after {@link #SLICE_RECORDS} records or {@link #SLICE_NANOS}. What could not be
 * finished goes back into the queues; ctdbd forgets it until the next full run.
 */
final class VacuumRun {
  static final int SLICE_RECORDS = 128;
  static final long SLICE_NANOS = 2_000_000L;

  /** Records in one control, so that the node that executes it is not held up either. */
  static final int CONTROL_RECORDS = 512;

  private static final int SCAN_BATCH_BYTES = 64 * 1024;

  private final RecordAccess access;
  private final ChainLocks locks;
  private final BooleanSupplier mayRun;
  private final boolean full;
  private final Map<RecordKey, RecordHeader> queued;
  private final Map<Integer, Map<RecordKey, RecordHeader>> toLmasters = new TreeMap<>();
  private final VacuumFetches fetches;
  private final VacuumDeletes deletes;
  private Consumer<Boolean> done;
  private Runnable stopScan;
  private boolean ended;

  VacuumRun(
      RecordAccess access,
      ChainLocks locks,
      ClientCalls calls,
      BooleanSupplier mayRun,
      boolean full) {
    this.access = access;
    this.locks = locks;
    this.mayRun = mayRun;
    this.full = full;
    this.queued = access.queues.takeDeletes();
    this.fetches = new VacuumFetches(access, locks, calls, this, access.queues.takeFetches());
    this.deletes = new VacuumDeletes(access, locks, this);
  }

  /** Begins; calls back once, not inside this call, with whether the run got to its end. */
  void start(Consumer<Boolean> whenDone) {
    done = whenDone;
    access.node.timers().schedule(0, full ? this::scan : this::fetch);
  }

  /** Ends the run early; nothing happens if it has ended. */
  void stop(String reason) {
    if (!ended) {
      access
          .node
          .log()
          .warning("vacuuming of database %s was ended: %s".formatted(access.name, reason));
      end(false);
    }
  }

  private void end(boolean complete) {
    ended = true;
    if (stopScan != null) {
      stopScan.run();
    }
    access.queues.restore(queued, fetches.stop());
    access.queues.restore(deletes.left(), Set.of());
    done.accept(complete);
  }

  /** Whether the run goes on; ends it if the database may not be vacuumed any more. */
  boolean goesOn() {
    if (!ended && !mayRun.getAsBoolean()) {
      stop("a recovery or freeze has begun");
    }
    return !ended;
  }

  private void scan() {
    if (!goesOn()) {
      return;
    }
    int self = access.node.pnn();
    stopScan =
        access.store.traverse(
            SCAN_BATCH_BYTES,
            (header, dataLength) -> dataLength == 0 && header.dmaster() == self,
            this::found,
            this::scanned);
  }

  private void found(int count, Bytes records) {
    Bytes buffer =
        new ByteWriter(RecordBuffer.PREFIX + records.length())
            .putInt(access.databaseId)
            .putInt(count)
            .put(records)
            .toBytes();
    for (RecordData record : RecordBuffer.decode(buffer).records()) {
      queued.putIfAbsent(RecordKey.of(record.key()), RecordHeader.decode(record.data()));
    }
  }

  private void scanned(StoreResult<Integer> result) {
    stopScan = null;
    if (!result.ok()) {
      access
          .node
          .log()
          .error(
              "vacuuming of database %s: the search for empty records failed: %s"
                  .formatted(access.name, result.error()));
    }
    fetch();
  }

  private void fetch() {
    if (goesOn()) {
      fetches.start(this::sort);
    }
  }

  private void sort() {
    slice(queued, this::sort, this::tellLmasters);
  }

  /** Returns whether the entry is done with; a record that is busy stays in the queue. */
  private boolean sort(RecordKey key, RecordHeader header) {
    if (!locks.tryLock(key)) {
      return false;
    }
    try {
      if (!deletable(key, header)) {
        return true;
      }
      int lmaster = access.lmaster(key);
      if (lmaster != access.node.pnn()) {
        toLmasters.computeIfAbsent(lmaster, _ -> new LinkedHashMap<>()).put(key, header);
      } else if (header.hasAny(RecordFlags.MIGRATED_WITH_DATA)) {
        deletes.add(key, header);
      } else {
        access.store.delete(key);
      }
      return true;
    } finally {
      locks.unlock(key);
    }
  }

  /** Whether the record is still as it was when it was queued. Chain locked. */
  boolean deletable(RecordKey key, RecordHeader header) {
    StoredRecord record = access.store.fetch(key);
    return record != null
        && record.data().isEmpty()
        && !record.header().hasAny(RecordFlags.RO_FLAGS)
        && record.header().dmaster() == access.node.pnn()
        && record.header().rsn() == header.rsn();
  }

  private void tellLmasters() {
    if (!goesOn()) {
      return;
    }
    toLmasters.forEach(
        (lmaster, records) -> {
          while (lmaster != Pnn.UNKNOWN && !records.isEmpty()) {
            tellLmaster(lmaster, takeSome(records));
          }
        });
    deletes.start(() -> end(true));
  }

  private void tellLmaster(int lmaster, Map<RecordKey, RecordHeader> some) {
    List<RecordData> records = new ArrayList<>();
    for (RecordKey key : some.keySet()) {
      records.add(new RecordData(access.node.pnn(), key.bytes(), Bytes.EMPTY));
    }
    access.node.control(
        lmaster,
        Control.VACUUM_FETCH,
        0,
        0,
        0,
        new RecordBuffer(access.databaseId, records).encode(),
        access.node.tunable(Tunable.CONTROL_TIMEOUT),
        result -> {
          if (!result.ok()) {
            access
                .node
                .log()
                .warning(
                    "vacuuming of database %s: node %d did not accept %d records: status %d %s"
                        .formatted(
                            access.name, lmaster, records.size(), result.status(), result.error()));
            access.queues.restore(some, Set.of());
          }
        });
  }

  /** Takes as many entries out of a map as fit into one control. */
  static Map<RecordKey, RecordHeader> takeSome(Map<RecordKey, RecordHeader> all) {
    Map<RecordKey, RecordHeader> some = new LinkedHashMap<>();
    var entries = all.entrySet().iterator();
    while (entries.hasNext() && some.size() < CONTROL_RECORDS) {
      var entry = entries.next();
      some.put(entry.getKey(), entry.getValue());
      entries.remove();
    }
    return some;
  }

  /** Work on one record of a queue. */
  @FunctionalInterface
  interface Step {
    /** Returns whether the record leaves the queue. */
    boolean take(RecordKey key, RecordHeader header);
  }

  /** Works through a queue in pieces, then goes on; not inside this call. */
  void slice(Map<RecordKey, RecordHeader> queue, Step step, Runnable next) {
    var left = new ArrayDeque<>(queue.keySet());
    access.node.timers().schedule(0, () -> slice(left, queue, step, next));
  }

  private void slice(
      Deque<RecordKey> left, Map<RecordKey, RecordHeader> queue, Step step, Runnable next) {
    if (!goesOn()) {
      return;
    }
    long startNanos = access.node.timers().nowNanos();
    int seen = 0;
    while (!left.isEmpty()
        && seen++ < SLICE_RECORDS
        && access.node.timers().nowNanos() - startNanos < SLICE_NANOS) {
      RecordKey key = left.removeFirst();
      try {
        if (step.take(key, queue.get(key))) {
          queue.remove(key);
        }
      } catch (StoreException e) {
        queue.remove(key);
        access.failed("vacuuming", key, e);
      }
    }
    if (left.isEmpty()) {
      next.run();
    } else {
      access.node.timers().schedule(0, () -> slice(left, queue, step, next));
    }
  }
}
