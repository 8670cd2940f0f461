// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.ctdbj.tdb.Tdb;

/**
 * Tells on a terminal how far long work is: one line, from the second second on, wiped at the end.
 * Elsewhere it does nothing. The working thread only counts; another one writes, so that waiting
 * for a lock is seen as well.
 */
final class Progress implements AutoCloseable {
  private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PERIOD_MILLIS = 500;
  private static final String WIPE = "\r\u001b[K";

  private final PrintWriter err;
  private final LongSupplier nanoTime;
  private final long startNanos;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Step step;
  private final Thread atExit = new Thread(this::wipe, "wipe progress");
  private Thread writer;
  private boolean written;
  private boolean wiped;

  /** A part of the work. Written by the working thread, read by the one that shows it. */
  private static final class Step {
    private final String what;
    private volatile long records;
    private volatile long done;
    private volatile long total;

    Step(String what) {
      this.what = what;
    }
  }

  /**
   * Shows nothing by itself: {@link #tick} does.
   *
   * @param what the work, such as "checking /var/lib/x.tdb"
   * @param nanoTime a clock as {@link System#nanoTime}
   */
  Progress(String what, PrintWriter err, LongSupplier nanoTime) {
    this.step = new Step(what);
    this.err = err;
    this.nanoTime = nanoTime;
    this.startNanos = nanoTime.getAsLong();
  }

  /**
   * Begins to show, twice a second.
   *
   * @param shown false for a progress that nobody sees
   */
  static Progress start(PrintWriter err, String what, boolean shown) {
    var progress = new Progress(what, err, System::nanoTime);
    if (shown) {
      // A signal ends the process without close().
      Runtime.getRuntime().addShutdownHook(progress.atExit);
      progress.writer =
          Thread.ofPlatform().daemon().name("progress").start(progress::showPeriodically);
    }
    return progress;
  }

  /** Goes on with another part of the work, of which nothing is done yet. */
  void step(String what) {
    step = new Step(what);
  }

  /** How many records are done. Only the working thread calls this. */
  void records(long done) {
    step.records = done;
  }

  /** How much of the step is done, in any unit. Only the working thread calls this. */
  void done(long done, long total) {
    var current = step;
    current.total = total;
    current.done = done;
  }

  /** Shows how far calls on the whole of {@code tdb} are. */
  void watch(Tdb tdb) {
    if (writer != null) {
      tdb.onProgress(this::done);
    }
  }

  private void showPeriodically() {
    try {
      long waitMillis = TimeUnit.NANOSECONDS.toMillis(FIRST_NANOS);
      while (!ended.await(waitMillis, TimeUnit.MILLISECONDS)) {
        tick();
        waitMillis = PERIOD_MILLIS;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes the line, unless the work has just begun. */
  synchronized void tick() {
    long nanos = nanoTime.getAsLong() - startNanos;
    if (nanos >= FIRST_NANOS && !wiped) {
      written = true;
      err.print(WIPE + line(TimeUnit.NANOSECONDS.toSeconds(nanos)));
      err.flush();
    }
  }

  private String line(long seconds) {
    var current = step;
    long total = current.total;
    long done = current.done;
    var line = new StringBuilder(current.what).append(": ");
    if (total > 0) {
      double share = Math.clamp((double) done / total, 0, 1);
      line.append((int) (share * 100)).append(" %, ");
    }
    if (current.records > 0) {
      line.append(String.format(Locale.ROOT, "%,d records, ", current.records));
    }
    return line.append(seconds).append(" s").toString();
  }

  /** Wipes the line, if there is one. */
  @Override
  public void close() {
    ended.countDown();
    boolean interrupted = false;
    while (writer != null && writer.isAlive()) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    wipe();
    if (writer != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        // The process is ending: the hook finds the line wiped.
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void wipe() {
    if (written && !wiped) {
      err.print(WIPE);
      err.flush();
    }
    wiped = true;
  }
}
