// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.RecordSink;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.recovery.door.Timers;

/**
 * A database in memory, for tests and the simulator: all of {@link DatabaseStore} on one thread and
 * on given time, so that the same calls at the same moments always give the same results. Test
 * processes take chain locks and write records as smbd does, with {@link #lock}, {@link #get} and
 * {@link #put}. Faults can be put in with {@link #setFaults}.
 */
public final class MemoryDatabaseStore implements DatabaseStore {
  /** TDB flag that {@link #enableSequenceNumber} adds to {@link #openFlags}. */
  private static final int SEQNUM_FLAG = 0x80;

  private final Timers timers;
  private final Path path;
  private final Map<RecordKey, StoredRecord> records;
  private final MemoryChains chains;
  private final List<Consumer<StoreResult<Void>>> freezeWaiters = new ArrayList<>();

  /** The fault of a full disk. */
  public static final String NO_ROOM = "no space left";

  private BiFunction<StoreOperation, RecordKey, String> faults = (_, _) -> null;
  private int openFlags;
  private int sequenceNumber;
  private FreezeState freezeState = FreezeState.OPEN;
  private Map<RecordKey, StoredRecord> beforeTransaction;
  private long workNanos;
  private int thaws;
  private boolean closed;

  /** A database without records. */
  public MemoryDatabaseStore(Timers timers, Path path, int openFlags, int chainCount) {
    this(timers, path, openFlags, chainCount, new LinkedHashMap<>());
  }

  /** A database with the records of the map, which it changes: for files that outlive a daemon. */
  public MemoryDatabaseStore(
      Timers timers,
      Path path,
      int openFlags,
      int chainCount,
      Map<RecordKey, StoredRecord> records) {
    this.timers = timers;
    this.path = path;
    this.openFlags = openFlags;
    this.records = records;
    this.chains =
        new MemoryChains(
            chainCount,
            timers,
            () -> freezeState == FreezeState.OPEN,
            () -> timers.schedule(0, this::tryFreeze));
  }

  // ---- for tests

  /** From now on operations for which the function has a text fail with it. */
  public void setFaults(BiFunction<StoreOperation, RecordKey, String> newFaults) {
    faults = newFaults;
  }

  /** How long work on the whole database takes from now on. */
  public void setWorkNanos(long nanos) {
    workNanos = nanos;
  }

  /** A process waits for a chain lock as smbd does; the task runs when it has it. Nests. */
  public void lock(RecordKey key, Object process, Runnable granted) {
    chains.lock(chains.index(key), process, granted);
  }

  /** A process takes a chain lock if it is free or its own. */
  public boolean tryLock(RecordKey key, Object process) {
    return chains.tryLock(chains.index(key), process);
  }

  /** Undoes one {@link #lock}. */
  public void unlock(RecordKey key, Object process) {
    chains.unlock(chains.index(key), process);
  }

  /** A process has died: it holds nothing and waits for nothing any more. */
  public void processDied(Object process) {
    chains.dead(process);
  }

  /** A record, for a process that holds its lock or for a check; null if there is none. */
  public StoredRecord get(RecordKey key) {
    return records.get(key);
  }

  /** Writes a record as a process does that holds its lock. */
  public void put(RecordKey key, RecordHeader header, Bytes data) {
    change(key, new StoredRecord(header, data.detached()));
  }

  /** All records, in the order in which they were first stored. */
  public Map<RecordKey, StoredRecord> records() {
    return Collections.unmodifiableMap(records);
  }

  /** Throws if the daemon holds a chain lock: between two events it must not. */
  public void checkIdle() {
    chains.checkIdle();
  }

  // ---- the file

  @Override
  public Path path() {
    return path;
  }

  @Override
  public int openFlags() {
    return openFlags;
  }

  @Override
  public void close() {
    closed = true;
    chains.close();
    freezeWaiters.clear();
  }

  // ---- single records

  @Override
  public boolean tryLock(RecordKey key) {
    check(StoreOperation.LOCK, key);
    return chains.tryLock(chains.index(key));
  }

  @Override
  public void unlock(RecordKey key) {
    chains.unlock(chains.index(key));
  }

  @Override
  public void lockLater(RecordKey key, Runnable task) {
    chains.lockLater(chains.index(key), task);
  }

  @Override
  public StoredRecord fetch(RecordKey key) {
    check(StoreOperation.FETCH, key);
    return records.get(key);
  }

  @Override
  public void store(RecordKey key, RecordHeader header, Bytes data) {
    check(StoreOperation.STORE, key);
    change(key, new StoredRecord(header, data.detached()));
  }

  @Override
  public void delete(RecordKey key) {
    check(StoreOperation.DELETE, key);
    change(key, null);
  }

  private void check(StoreOperation operation, RecordKey key) {
    String fault = faults.apply(operation, key);
    if (fault != null) {
      String message = path + ": " + fault;
      throw fault.equals(NO_ROOM)
          ? StoreException.noRoom(message, null)
          : new StoreException(message, null);
    }
  }

  private void change(RecordKey key, StoredRecord record) {
    if (record == null) {
      if (records.remove(key) == null) {
        return;
      }
    } else {
      records.put(key, record);
    }
    if ((openFlags & SEQNUM_FLAG) != 0) {
      sequenceNumber++;
    }
  }

  // ---- the TDB sequence number

  @Override
  public void enableSequenceNumber() {
    openFlags |= SEQNUM_FLAG;
  }

  @Override
  public int sequenceNumber() {
    return sequenceNumber;
  }

  @Override
  public void incrementSequenceNumber() {
    sequenceNumber++;
  }

  // ---- freeze and transaction

  @Override
  public FreezeState freezeState() {
    return freezeState;
  }

  @Override
  public void freeze(Consumer<StoreResult<Void>> done) {
    String fault = faults.apply(StoreOperation.FREEZE, null);
    if (fault != null || freezeState == FreezeState.FROZEN) {
      answer(
          done,
          () -> fault == null ? StoreResult.of(null) : StoreResult.failed(path + ": " + fault));
      return;
    }
    freezeState = FreezeState.FREEZING;
    freezeWaiters.add(done);
    timers.schedule(workNanos, this::tryFreeze);
  }

  private void tryFreeze() {
    if (closed || freezeState != FreezeState.FREEZING || chains.anyHeld()) {
      return;
    }
    freezeState = FreezeState.FROZEN;
    answerFreeze(StoreResult.of(null));
  }

  private void answerFreeze(StoreResult<Void> result) {
    var waiters = List.copyOf(freezeWaiters);
    freezeWaiters.clear();
    waiters.forEach(waiter -> timers.schedule(0, () -> waiter.accept(result)));
  }

  @Override
  public void thaw() {
    thaws++;
    if (freezeState == FreezeState.FREEZING) {
      answerFreeze(StoreResult.failed(path + ": thawed while the freeze was under way"));
    }
    rollBack();
    freezeState = FreezeState.OPEN;
    chains.reopened();
  }

  private void rollBack() {
    if (beforeTransaction != null) {
      records.clear();
      records.putAll(beforeTransaction);
      beforeTransaction = null;
    }
  }

  @Override
  public void transactionStart(Consumer<StoreResult<Void>> done) {
    work(
        StoreOperation.TRANSACTION_START,
        false,
        done,
        () -> {
          rollBack();
          beforeTransaction = new LinkedHashMap<>(records);
          return StoreResult.of(null);
        });
  }

  @Override
  public void wipe(Consumer<StoreResult<Void>> done) {
    work(
        StoreOperation.WIPE,
        true,
        done,
        () -> {
          records.clear();
          return StoreResult.of(null);
        });
  }

  @Override
  public void transactionCommit(Consumer<StoreResult<Void>> done) {
    work(
        StoreOperation.COMMIT,
        true,
        done,
        () -> {
          beforeTransaction = null;
          return StoreResult.of(null);
        });
  }

  @Override
  public void transactionCancel(Consumer<StoreResult<Void>> done) {
    work(
        null,
        false,
        done,
        () -> {
          rollBack();
          return StoreResult.of(null);
        });
  }

  @Override
  public void pull(int batchBytes, RecordSink sink, Consumer<StoreResult<Integer>> done) {
    work(
        StoreOperation.PULL,
        true,
        done,
        () -> {
          var batches = new RecordBatches(batchBytes, sink);
          records.forEach(batches::add);
          batches.flush();
          return StoreResult.of(batches.total());
        });
  }

  @Override
  public void push(List<RecordData> pushed, StoreRule rule, Consumer<StoreResult<Integer>> done) {
    work(
        StoreOperation.PUSH,
        true,
        done,
        () -> {
          int stored = 0;
          for (RecordData record : pushed) {
            stored += apply(record, rule) ? 1 : 0;
          }
          return StoreResult.of(stored);
        });
  }

  /** Work on the frozen database. */
  private <T> void work(
      StoreOperation operation,
      boolean needsTransaction,
      Consumer<StoreResult<T>> done,
      Supplier<StoreResult<T>> action) {
    answer(
        done,
        () -> {
          if (freezeState != FreezeState.FROZEN) {
            return StoreResult.failed(path + ": not frozen");
          }
          if (needsTransaction && beforeTransaction == null) {
            return StoreResult.failed(path + ": no transaction is open");
          }
          String fault = operation == null ? null : faults.apply(operation, null);
          return fault == null ? action.get() : StoreResult.failed(path + ": " + fault);
        });
  }

  private <T> void answer(Consumer<StoreResult<T>> done, Supplier<StoreResult<T>> result) {
    timers.schedule(
        workNanos,
        () -> {
          if (!closed) {
            done.accept(result.get());
          }
        });
  }

  private boolean apply(RecordData record, StoreRule rule) {
    var key = RecordKey.of(record.key());
    Bytes data = record.data().from(RecordHeader.SIZE);
    var decision = rule.decide(key, RecordHeader.decode(record.data()), data);
    change(key, decision.keep() ? new StoredRecord(decision.header(), data.detached()) : null);
    return decision.keep();
  }

  // ---- reading and updating beside others

  @Override
  public void read(RecordKey key, Consumer<StoreResult<StoredRecord>> done) {
    timers.schedule(
        workNanos,
        () -> {
          if (closed) {
            return;
          }
          if (beforeTransaction != null) {
            done.accept(StoreResult.of(records.get(key)));
            return;
          }
          lockLater(
              key,
              () -> {
                var result = StoreResult.of(records.get(key));
                timers.schedule(0, () -> done.accept(result));
              });
        });
  }

  @Override
  public Runnable traverse(
      int batchBytes, RecordFilter filter, RecordSink sink, Consumer<StoreResult<Integer>> done) {
    var traverse =
        new MemoryTraverse(
            records,
            chains,
            timers,
            () -> {
              String fault = closed ? "closed" : faults.apply(StoreOperation.TRAVERSE, null);
              return fault == null ? null : StoreResult.failed(path + ": " + fault);
            },
            filter,
            new RecordBatches(batchBytes, sink),
            done);
    timers.schedule(workNanos, traverse::next);
    return traverse::stop;
  }

  @Override
  public void update(
      List<RecordData> updates,
      boolean onlyExisting,
      StoreRule rule,
      Consumer<StoreResult<Void>> done) {
    int began = thaws;
    timers.schedule(workNanos, () -> updateWhenFree(updates, onlyExisting, rule, began, done));
  }

  /** Waits for one chain after the other, holding none meanwhile, until all are free at once. */
  private void updateWhenFree(
      List<RecordData> updates,
      boolean onlyExisting,
      StoreRule rule,
      int began,
      Consumer<StoreResult<Void>> done) {
    if (closed) {
      return;
    }
    if (began != thaws) {
      // older than what a recovery may have written meanwhile
      done.accept(StoreResult.failed(path + ": frozen while the update waited"));
      return;
    }
    var taken = new ArrayList<RecordKey>();
    RecordKey busy = null;
    for (RecordData update : updates) {
      var key = RecordKey.of(update.key());
      if (!chains.tryLock(chains.index(key))) {
        busy = key;
        break;
      }
      taken.add(key);
    }
    if (busy == null) {
      var result = updateLocked(updates, onlyExisting, rule);
      timers.schedule(0, () -> done.accept(result));
    }
    taken.forEach(this::unlock);
    if (busy != null) {
      lockLater(
          busy,
          () -> timers.schedule(0, () -> updateWhenFree(updates, onlyExisting, rule, began, done)));
    }
  }

  private StoreResult<Void> updateLocked(
      List<RecordData> updates, boolean onlyExisting, StoreRule rule) {
    String fault = faults.apply(StoreOperation.UPDATE, null);
    if (fault != null) {
      return StoreResult.failed(path + ": " + fault);
    }
    var transaction = new MemoryUpdate(records, onlyExisting, rule);
    for (RecordData update : updates) {
      String conflict = transaction.add(update);
      if (conflict != null) {
        return StoreResult.failed(path + ": " + conflict);
      }
    }
    transaction.changes().forEach(this::change);
    return StoreResult.of(null);
  }
}
