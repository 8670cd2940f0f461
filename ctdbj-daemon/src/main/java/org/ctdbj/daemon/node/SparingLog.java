// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.function.LongSupplier;
import org.ctdbj.recovery.door.EventLog;

/**
 * A log for complaints about what others send. Whoever can send nonsense can send much of it, so
 * only so many lines pass in a while; that lines are left out is said at once, and how many with
 * the first line after that. One thread.
 */
public final class SparingLog implements EventLog {
  /** Lines that pass in one window. */
  public static final int LINES = 20;

  /** Length of a window. */
  public static final int WINDOW_SECONDS = 10;

  private static final long WINDOW_NANOS = WINDOW_SECONDS * 1_000_000_000L;

  private final EventLog log;
  private final LongSupplier nowNanos;
  private final String about;
  private boolean begun;
  private long windowStartNanos;
  private int written;
  private long leftOut;

  /**
   * Writes to another log.
   *
   * @param nowNanos a clock that never goes back
   * @param about what the lines are about, for example "packets of clients"
   */
  public SparingLog(EventLog log, LongSupplier nowNanos, String about) {
    this.log = log;
    this.nowNanos = nowNanos;
    this.about = about;
  }

  @Override
  public boolean enabled(Level level) {
    return log.enabled(level);
  }

  @Override
  public void log(Level level, String text) {
    if (!log.enabled(level)) {
      return;
    }
    long now = nowNanos.getAsLong();
    if (!begun || now - windowStartNanos >= WINDOW_NANOS) {
      if (leftOut > 0) {
        log.log(Level.WARNING, leftOut + " lines about " + about + " were left out");
      }
      begun = true;
      windowStartNanos = now;
      written = 0;
      leftOut = 0;
    }
    if (written < LINES) {
      written++;
      log.log(level, text);
      return;
    }
    if (leftOut++ == 0) {
      log.log(
          Level.WARNING,
          "more lines about %s are left out: %d in %d seconds are enough"
              .formatted(about, LINES, WINDOW_SECONDS));
    }
  }
}
