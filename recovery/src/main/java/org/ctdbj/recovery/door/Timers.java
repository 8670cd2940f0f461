// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery.door;

/**
 * Time and delayed work of one single-threaded core. All methods are called on, and all tasks run
 * on, its thread.
 */
public interface Timers {
  /** Monotonic time in nanoseconds; only differences mean something. */
  long nowNanos();

  /** Wall clock: microseconds since 1970-01-01T00:00Z. */
  long wallClockMicros();

  /**
   * Runs a task once, not before the delay has passed and never inside this call; tasks that are
   * due at the same moment run in the order in which they were scheduled.
   *
   * @param delayNanos 0 or less: as soon as the present work has ended
   */
  Timer schedule(long delayNanos, Runnable task);

  /** {@link #schedule} with a delay in seconds, the unit of most tunables. */
  default Timer scheduleSeconds(long delaySeconds, Runnable task) {
    return schedule(delaySeconds * 1_000_000_000L, task);
  }

  /** {@link #schedule} with a delay in milliseconds. */
  default Timer scheduleMillis(long delayMillis, Runnable task) {
    return schedule(delayMillis * 1_000_000L, task);
  }

  /** A task that has been scheduled. */
  interface Timer {
    /** The task will not run any more; no effect if it has run or is running. */
    void cancel();
  }
}
