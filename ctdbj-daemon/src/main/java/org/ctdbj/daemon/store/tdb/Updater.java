// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.tdb.Tdb;

/**
 * Stores sets of records, each in a transaction of its own, one set after the other in the order in
 * which they came. A set whose transaction has not begun when the database becomes frozen is given
 * up: what was decided before a recovery must not be written after it.
 */
final class Updater {
  private final Handles handles;
  private final Workers workers;
  private final String path;
  private final ArrayDeque<Update> waiting = new ArrayDeque<>();
  private Update current;

  private enum Phase {
    WAITING,
    WRITING,
    GIVEN_UP
  }

  /** The method is to be called on the node thread. */
  Updater(Handles handles, Workers workers, String path) {
    this.handles = handles;
    this.workers = workers;
    this.path = path;
  }

  /** See {@link org.ctdbj.daemon.store.DatabaseStore#update}. Node thread. */
  void submit(
      List<RecordData> records,
      boolean onlyExisting,
      StoreRule rule,
      Consumer<StoreResult<Void>> done) {
    waiting.add(new Update(records, onlyExisting, rule, done));
    next();
  }

  /** Fails everything whose transaction has not begun. Node thread. */
  void giveUp(String reason) {
    if (current != null) {
      current.giveUp(reason);
    }
    for (Update update = waiting.poll(); update != null; update = waiting.poll()) {
      update.giveUp(reason);
    }
  }

  private void next() {
    if (current == null && !waiting.isEmpty()) {
      current = waiting.poll();
      workers.execute(current);
    }
  }

  private final class Update implements Runnable {
    private final List<RecordData> records;
    private final boolean onlyExisting;
    private final StoreRule rule;
    private final Consumer<StoreResult<Void>> done;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);

    Update(
        List<RecordData> records,
        boolean onlyExisting,
        StoreRule rule,
        Consumer<StoreResult<Void>> done) {
      this.records = records;
      this.onlyExisting = onlyExisting;
      this.rule = rule;
      this.done = done;
    }

    void giveUp(String reason) {
      if (phase.compareAndSet(Phase.WAITING, Phase.GIVEN_UP)) {
        workers.post(() -> done.accept(StoreResult.failed(path + ": " + reason)));
      }
    }

    @Override
    public void run() {
      StoreResult<Void> result = null;
      Tdb handle = null;
      try {
        handle = handles.borrow();
        result = write(handle);
        handles.giveBack(handle);
      } catch (RuntimeException e) {
        result = StoreResult.failed("update of records failed: " + e.getMessage());
        phase.compareAndSet(Phase.WAITING, Phase.WRITING);
        if (handle != null) {
          handles.drop(handle);
        }
      }
      StoreResult<Void> answer = result;
      workers.post(
          () -> {
            current = null;
            next();
            if (phase.get() == Phase.WRITING) {
              done.accept(answer);
            }
          });
    }

    private StoreResult<Void> write(Tdb handle) {
      handle.transactionStart();
      boolean committed = false;
      try {
        if (!phase.compareAndSet(Phase.WAITING, Phase.WRITING)) {
          return StoreResult.failed("given up");
        }
        for (RecordData record : records) {
          String refusal = apply(handle, record);
          if (refusal != null) {
            return StoreResult.failed(refusal);
          }
        }
        committed = true; // a failed commit has ended the transaction, too
        handle.transactionCommit();
        return StoreResult.of(null);
      } finally {
        if (!committed) {
          handle.transactionCancel();
        }
      }
    }

    /** Stores one record; null, or why that would lose data. */
    private String apply(Tdb handle, RecordData record) {
      RecordKey key = RecordKey.of(record.key());
      RecordHeader header = RecordHeader.decode(record.data());
      Bytes data = record.data().from(RecordHeader.SIZE);
      byte[] old = handle.fetch(key.array());
      boolean exists = old != null && old.length >= RecordHeader.SIZE;
      if (!exists && onlyExisting) {
        return null;
      }
      // A record that does not exist counts as an empty one with sequence number 0, as in ctdbd
      // 4.17.
      long oldRsn = exists ? RecordHeader.decode(Bytes.of(old)).rsn() : 0;
      Bytes oldData = exists ? Bytes.of(old).from(RecordHeader.SIZE) : Bytes.EMPTY;
      if (Long.compareUnsigned(oldRsn, header.rsn()) >= 0 && !oldData.equals(data)) {
        return path
            + ": key "
            + key
            + " has sequence number "
            + Long.toUnsignedString(oldRsn)
            + " and other data, so it cannot be replaced by one with "
            + Long.toUnsignedString(header.rsn());
      }
      TdbRecords.apply(handle, key, rule.decide(key, header, data), data);
      return null;
    }
  }
}
