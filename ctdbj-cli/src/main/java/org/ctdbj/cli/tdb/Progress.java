// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cli.Streams;

/**
 * Tells on a terminal how far long work is: one line, from the second second on, wiped at the end.
 * Where standard error is no terminal it does nothing. The working thread only counts; another one
 * writes, so that waiting for a lock is seen as well.
 */
final class Progress implements AutoCloseable {
  private static final long FIRST_MILLIS = 1000;
  private static final long PERIOD_MILLIS = 500;
  private static final String WIPE = "\r\u001b[K";

  private final String what;
  private final PrintWriter err;
  private final long startNanos = System.nanoTime();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread writer;
  private volatile long records;

  private Progress(String what, PrintWriter err, boolean shown) {
    this.what = what;
    this.err = err;
    this.writer =
        shown ? Thread.ofPlatform().daemon().name("progress").unstarted(this::show) : null;
  }

  /**
   * Begins to show.
   *
   * @param what the work, such as "checking /var/lib/x.tdb"
   */
  static Progress start(Streams streams, String what) {
    var progress = new Progress(what, streams.err(), streams.terminal().getAsBoolean());
    if (progress.writer != null) {
      progress.writer.start();
    }
    return progress;
  }

  /** How many records are done. Only the working thread calls this. */
  void records(long done) {
    records = done;
  }

  private void show() {
    try {
      long waitMillis = FIRST_MILLIS;
      while (!ended.await(waitMillis, TimeUnit.MILLISECONDS)) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
        err.print(WIPE + line(what, records, seconds));
        err.flush();
        waitMillis = PERIOD_MILLIS;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static String line(String what, long records, long seconds) {
    String count =
        records == 0 ? "" : String.format(java.util.Locale.ROOT, "%,d records, ", records);
    return what + ": " + count + seconds + " s";
  }

  @Override
  public void close() {
    ended.countDown();
    if (writer == null) {
      return;
    }
    boolean interrupted = false;
    while (writer.isAlive()) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos) >= FIRST_MILLIS) {
      err.print(WIPE);
      err.flush();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
