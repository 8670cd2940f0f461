// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.ErrnoException;

/**
 * A database in a TDB file. The node thread has a handle of its own and takes with it only chain
 * locks that it can have at once; everything that may wait has a worker with another handle.
 */
public final class TdbDatabaseStore implements DatabaseStore {
  private final Tdb own;
  private final Path path;
  private final Handles handles;
  private final Workers workers;
  private final ChainLocks chains;
  private final Updater updater;
  private final FrozenFile frozen;
  private final List<Consumer<StoreResult<StoredRecord>>> reads = new ArrayList<>();
  private boolean closed;

  /**
   * Works in an open file.
   *
   * @param own handle of the node thread; this store closes it
   */
  TdbDatabaseStore(Tdb own, String name, int maxDead, Workers workers, long watchMillis) {
    this.own = own;
    this.path = own.path().toAbsolutePath();
    this.workers = workers;
    this.handles = new Handles(own, maxDead);
    var watch =
        new LockWatch(
            workers, path, name, new LockHolders(own.hashSize(), own.usesMutexes()), watchMillis);
    this.chains = new ChainLocks(own, handles, workers, watch);
    this.updater = new Updater(handles, workers, path.toString());
    this.frozen = new FrozenFile(handles, workers, watch, path.toString(), chains, updater);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public int openFlags() {
    return own.flags();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    chains.close();
    for (Consumer<StoreResult<StoredRecord>> done : reads) {
      workers.post(() -> done.accept(StoreResult.failed(path + ": was closed")));
    }
    reads.clear();
    updater.giveUp("was closed");
    frozen.close();
    handles.close();
  }

  @Override
  public boolean tryLock(RecordKey key) {
    return frozen.state() != FreezeState.FROZEN && chains.tryLock(key);
  }

  @Override
  public void unlock(RecordKey key) {
    chains.unlock(key);
  }

  @Override
  public void lockLater(RecordKey key, Runnable task) {
    chains.lockLater(key, task);
  }

  @Override
  public StoredRecord fetch(RecordKey key) {
    return call(() -> TdbRecords.fetch(chains.handle(key), key));
  }

  @Override
  public void store(RecordKey key, RecordHeader header, Bytes data) {
    run(() -> TdbRecords.store(chains.handle(key), key, header, data));
  }

  @Override
  public void delete(RecordKey key) {
    run(() -> chains.handle(key).delete(key.array()));
  }

  @Override
  public void enableSequenceNumber() {
    run(own::enableSequenceNumber);
    handles.enableSequenceNumber();
  }

  @Override
  public int sequenceNumber() {
    return call(own::sequenceNumber);
  }

  @Override
  public void incrementSequenceNumber() {
    run(own::incrementSequenceNumber);
  }

  @Override
  public FreezeState freezeState() {
    return frozen.state();
  }

  @Override
  public void freeze(Consumer<StoreResult<Void>> done) {
    if (refusedAsClosed(done)) {
      return;
    }
    frozen.freeze(done);
  }

  @Override
  public void thaw() {
    frozen.thaw();
  }

  @Override
  public void transactionStart(Consumer<StoreResult<Void>> done) {
    frozen.transactionStart(done);
  }

  @Override
  public void wipe(Consumer<StoreResult<Void>> done) {
    frozen.wipe(done);
  }

  @Override
  public void transactionCommit(Consumer<StoreResult<Void>> done) {
    frozen.transactionCommit(done);
  }

  @Override
  public void transactionCancel(Consumer<StoreResult<Void>> done) {
    frozen.transactionCancel(done);
  }

  @Override
  public void pull(int batchBytes, RecordSink sink, Consumer<StoreResult<Integer>> done) {
    frozen.pull(batchBytes, sink, done);
  }

  @Override
  public void push(List<RecordData> records, StoreRule rule, Consumer<StoreResult<Integer>> done) {
    frozen.push(records, rule, done);
  }

  @Override
  public void read(RecordKey key, Consumer<StoreResult<StoredRecord>> done) {
    if (refusedAsClosed(done)) {
      return;
    }
    if (frozen.state() == FreezeState.FROZEN) {
      frozen.read(key, done);
      return;
    }
    reads.add(done);
    chains.lockLater(
        key,
        () -> {
          reads.remove(done);
          StoreResult<StoredRecord> result;
          chains.tryLock(key);
          try {
            result = StoreResult.of(fetch(key));
          } catch (StoreException e) {
            result = StoreResult.failed(e.getMessage());
          } finally {
            unlock(key);
          }
          done.accept(result);
        });
  }

  @Override
  public Runnable traverse(
      int batchBytes, RecordFilter filter, RecordSink sink, Consumer<StoreResult<Integer>> done) {
    if (refusedAsClosed(done)) {
      return () -> {};
    }
    var work = new TraverseWork(handles, workers, path.toString(), batchBytes, filter, sink, done);
    workers.execute(work);
    return work::cancel;
  }

  @Override
  public void update(
      List<RecordData> records,
      boolean onlyExisting,
      StoreRule rule,
      Consumer<StoreResult<Void>> done) {
    if (refusedAsClosed(done)) {
      return;
    }
    if (frozen.state() == FreezeState.FROZEN) {
      workers.post(() -> done.accept(StoreResult.failed(path + ": is frozen")));
      return;
    }
    updater.submit(records, onlyExisting, rule, done);
  }

  private <T> boolean refusedAsClosed(Consumer<StoreResult<T>> done) {
    if (closed) {
      workers.post(() -> done.accept(StoreResult.failed(path + ": is closed")));
    }
    return closed;
  }

  private static <T> T call(Supplier<T> body) {
    try {
      return body.get();
    } catch (TdbException e) {
      throw failure(e);
    }
  }

  private static void run(Runnable body) {
    try {
      body.run();
    } catch (TdbException e) {
      throw failure(e);
    }
  }

  private static StoreException failure(TdbException cause) {
    return ErrnoException.isNoRoom(cause)
        ? StoreException.noRoom(cause.getMessage(), cause)
        : new StoreException(cause.getMessage(), cause);
  }
}
