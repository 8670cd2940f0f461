// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import org.ctdbj.daemon.store.RecordSink;
import org.ctdbj.protocol.Bytes;

/**
 * Carries batches from one worker to a sink on the node thread, a few at a time: a worker that
 * reads faster than the node takes waits here, instead of building the whole database in memory.
 */
final class BatchPipe {
  /** Batches that are on their way to the node thread at the same time. */
  private static final int IN_FLIGHT = 4;

  private final Workers workers;
  private final RecordSink sink;
  private final String path;
  private int inFlight;
  private boolean cancelled;

  BatchPipe(Workers workers, RecordSink sink, String path) {
    this.workers = workers;
    this.sink = sink;
    this.path = path;
  }

  /**
   * Hands a batch over, waiting until there is room. Worker.
   *
   * @return false if the receiver wants no more
   */
  boolean send(RecordBatch batch) {
    int count = batch.count();
    Bytes records = batch.take();
    synchronized (this) {
      while (inFlight >= IN_FLIGHT && !cancelled) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          cancelled = true;
        }
      }
      if (cancelled) {
        return false;
      }
      inFlight++;
    }
    if (!workers.post(() -> deliver(count, records))) {
      cancel();
      return false;
    }
    return true;
  }

  /** Whether the receiver wants no more. Any thread. */
  synchronized boolean cancelled() {
    return cancelled;
  }

  /** The receiver wants no more; nothing reaches the sink from now on. Any thread. */
  synchronized void cancel() {
    cancelled = true;
    notifyAll();
  }

  private void deliver(int count, Bytes records) {
    try {
      if (!cancelled()) {
        sink.accept(count, records);
      }
    } catch (RuntimeException e) {
      workers.log().error(path + ": receiver of records failed: " + e);
      cancel();
    } finally {
      synchronized (this) {
        inFlight--;
        notifyAll();
      }
    }
  }
}
