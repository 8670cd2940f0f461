// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.function.Consumer;
import org.ctdbj.daemon.store.DatabaseStore.RecordFilter;
import org.ctdbj.daemon.store.RecordSink;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.tdb.Tdb;

/**
 * Reads a whole database while others work in it. One chain is locked at a time, and none while
 * batches wait for the node thread, so that nobody else waits for a slow reader and a freeze is
 * never part of a circle.
 */
final class TraverseWork implements Runnable {
  private final Handles handles;
  private final Workers workers;
  private final String path;
  private final int batchBytes;
  private final RecordFilter filter;
  private final BatchPipe pipe;
  private final Consumer<StoreResult<Integer>> done;
  private boolean answered;

  TraverseWork(
      Handles handles,
      Workers workers,
      String path,
      int batchBytes,
      RecordFilter filter,
      RecordSink sink,
      Consumer<StoreResult<Integer>> done) {
    this.handles = handles;
    this.workers = workers;
    this.path = path;
    this.batchBytes = batchBytes;
    this.filter = filter;
    this.pipe = new BatchPipe(workers, sink, path);
    this.done = done;
  }

  /** Ends it early; the answer comes at once even if the worker waits for a chain. Node thread. */
  void cancel() {
    if (!answered) {
      pipe.cancel();
      workers.post(() -> answer(StoreResult.failed(path + ": traverse was ended early")));
    }
  }

  @Override
  public void run() {
    StoreResult<Integer> result;
    Tdb handle = null;
    try {
      handle = handles.borrow();
      result = read(handle);
      handles.giveBack(handle);
    } catch (RuntimeException e) {
      if (handle != null) {
        handles.drop(handle);
      }
      result = StoreResult.failed("traverse failed: " + e.getMessage());
    }
    StoreResult<Integer> outcome = result;
    workers.post(
        () ->
            answer(
                outcome.ok() && pipe.cancelled()
                    ? StoreResult.failed(path + ": the receiver of the records failed")
                    : outcome));
  }

  private StoreResult<Integer> read(Tdb handle) {
    var batch = new RecordBatch();
    int[] count = {0};
    int chains = handle.hashSize();
    for (int chain = 0; chain < chains && !pipe.cancelled(); chain++) {
      handle.traverseChain(
          chain,
          (key, value) -> {
            if (wanted(value)) {
              batch.add(key, value);
              count[0]++;
            }
            return true;
          });
      if (batch.bytes() >= batchBytes) {
        pipe.send(batch);
      }
    }
    if (batch.count() > 0 && !pipe.cancelled()) {
      pipe.send(batch);
    }
    return pipe.cancelled()
        ? StoreResult.failed(path + ": traverse was ended early")
        : StoreResult.of(count[0]);
  }

  private boolean wanted(byte[] value) {
    return value.length >= RecordHeader.SIZE
        && filter.wants(RecordHeader.decode(Bytes.of(value)), value.length - RecordHeader.SIZE);
  }

  private void answer(StoreResult<Integer> result) {
    if (!answered) {
      answered = true;
      done.accept(result);
    }
  }
}
