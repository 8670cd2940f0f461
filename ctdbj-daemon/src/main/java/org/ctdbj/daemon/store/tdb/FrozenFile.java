// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.RecordSink;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.tdb.Tdb;

/**
 * The freezing of one database and what is done while it is frozen. The node thread knows the
 * state; a {@link Keeper} has the lock and does the work. Node thread only.
 */
final class FrozenFile implements Keeper.Owner {
  private final Handles handles;
  private final Workers workers;
  private final LockWatch watch;
  private final String path;
  private final ChainLocks chains;
  private final Updater updater;
  private final List<Consumer<StoreResult<Void>>> waiting = new ArrayList<>();
  private FreezeState state = FreezeState.OPEN;

  /** Who has or awaits the lock; an abandoned one while the state is OPEN. */
  private Keeper keeper;

  private boolean closed;

  FrozenFile(
      Handles handles,
      Workers workers,
      LockWatch watch,
      String path,
      ChainLocks chains,
      Updater updater) {
    this.handles = handles;
    this.workers = workers;
    this.watch = watch;
    this.path = path;
    this.chains = chains;
    this.updater = updater;
  }

  FreezeState state() {
    return state;
  }

  void freeze(Consumer<StoreResult<Void>> done) {
    if (state == FreezeState.FROZEN) {
      workers.post(() -> done.accept(StoreResult.of(null)));
      return;
    }
    waiting.add(done);
    if (state == FreezeState.FREEZING) {
      return;
    }
    state = FreezeState.FREEZING;
    chains.suspend();
    if (keeper == null || !keeper.resume()) {
      keeper = new Keeper(handles, workers, watch, this);
      workers.execute(keeper);
    }
  }

  void thaw() {
    if (state == FreezeState.OPEN) {
      return;
    }
    boolean frozen = state == FreezeState.FROZEN;
    state = FreezeState.OPEN;
    keeper.release();
    answer(StoreResult.failed(path + ": was thawed before its lock was to be had"));
    if (!frozen) {
      chains.resume();
    }
  }

  void close() {
    closed = true;
    if (state != FreezeState.OPEN) {
      state = FreezeState.OPEN;
      keeper.release();
      answer(StoreResult.failed(path + ": was closed"));
    }
  }

  @Override
  public void held(Keeper from) {
    if (from != keeper || state != FreezeState.FREEZING) {
      return; // thawed meanwhile, and told so
    }
    state = FreezeState.FROZEN;
    updater.giveUp("was frozen before the update began");
    answer(StoreResult.of(null));
  }

  @Override
  public void failed(Keeper from, RuntimeException reason) {
    if (from != keeper) {
      return;
    }
    keeper = null;
    if (state == FreezeState.FREEZING) {
      state = FreezeState.OPEN;
      answer(StoreResult.failed("freeze failed: " + reason.getMessage()));
      chains.resume();
    }
  }

  @Override
  public void released(Keeper from) {
    if (from == keeper) {
      keeper = null;
      if (!closed && state == FreezeState.OPEN) {
        chains.resume();
      }
    }
  }

  private void answer(StoreResult<Void> result) {
    var answered = List.copyOf(waiting);
    waiting.clear();
    for (Consumer<StoreResult<Void>> done : answered) {
      workers.post(() -> done.accept(result));
    }
  }

  // ---- work under the lock

  void transactionStart(Consumer<StoreResult<Void>> done) {
    submit(
        done,
        handle -> {
          if (handle.inTransaction()) {
            handle.transactionCancel();
          }
          handle.transactionStart();
          return StoreResult.of(null);
        });
  }

  void transactionCommit(Consumer<StoreResult<Void>> done) {
    submit(
        done,
        handle -> {
          if (!handle.inTransaction()) {
            return StoreResult.failed(path + ": no transaction is open");
          }
          handle.transactionCommit();
          return StoreResult.of(null);
        });
  }

  void transactionCancel(Consumer<StoreResult<Void>> done) {
    submit(
        done,
        handle -> {
          if (handle.inTransaction()) {
            handle.transactionCancel();
          }
          return StoreResult.of(null);
        });
  }

  void wipe(Consumer<StoreResult<Void>> done) {
    submit(
        done,
        handle -> {
          if (!handle.inTransaction()) {
            return StoreResult.failed(path + ": no transaction is open");
          }
          handle.wipe();
          return StoreResult.of(null);
        });
  }

  void read(RecordKey key, Consumer<StoreResult<StoredRecord>> done) {
    submit(done, handle -> StoreResult.of(TdbRecords.fetch(handle, key)));
  }

  void push(List<RecordData> records, StoreRule rule, Consumer<StoreResult<Integer>> done) {
    submit(
        done,
        handle -> {
          if (!handle.inTransaction()) {
            return StoreResult.failed(path + ": no transaction is open");
          }
          int stored = 0;
          for (RecordData record : records) {
            RecordKey key = RecordKey.of(record.key());
            RecordHeader header = RecordHeader.decode(record.data());
            Bytes data = record.data().from(RecordHeader.SIZE);
            TdbRecords.apply(handle, key, rule.decide(key, header, data), data);
            stored++;
          }
          return StoreResult.of(stored);
        });
  }

  void pull(int batchBytes, RecordSink sink, Consumer<StoreResult<Integer>> done) {
    var pipe = new BatchPipe(workers, sink, path);
    Keeper from = keeper;
    submit(
        result ->
            done.accept(
                result.ok() && pipe.cancelled()
                    ? StoreResult.failed(path + ": the receiver of the records failed")
                    : result),
        handle -> {
          from.onEnding(pipe::cancel);
          var batch = new RecordBatch();
          int[] count = {0};
          handle.traverseChains(
              (key, value) -> {
                batch.add(key, value);
                count[0]++;
                return batch.bytes() < batchBytes ? !pipe.cancelled() : pipe.send(batch);
              });
          if (batch.count() > 0 && !pipe.cancelled()) {
            pipe.send(batch);
          }
          return pipe.cancelled()
              ? StoreResult.failed(path + ": reading was ended early")
              : StoreResult.of(count[0]);
        });
  }

  private <T> void submit(Consumer<StoreResult<T>> done, Function<Tdb, StoreResult<T>> body) {
    if (state != FreezeState.FROZEN) {
      workers.post(() -> done.accept(StoreResult.failed(path + ": is not frozen")));
      return;
    }
    keeper.submit(
        new Keeper.Work() {
          @Override
          public void run(Tdb handle) {
            StoreResult<T> result;
            try {
              result = body.apply(handle);
            } catch (RuntimeException e) {
              result = StoreResult.failed(e.getMessage());
            }
            StoreResult<T> answer = result;
            workers.post(() -> done.accept(answer));
          }

          @Override
          public void refuse() {
            workers.post(() -> done.accept(StoreResult.failed(path + ": was thawed meanwhile")));
          }
        });
  }
}
