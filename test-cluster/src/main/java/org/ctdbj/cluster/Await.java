// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions of real processes, which nobody can announce to us. */
public final class Await {
  private static final long FIRST_PAUSE_NANOS = 2_000_000;
  private static final long LONGEST_PAUSE_NANOS = 100_000_000;

  private Await() {}

  /**
   * Looks again and again until the condition holds.
   *
   * @param what for the message if it never does
   * @param state described in that message
   * @return how long it took
   * @throws AssertionError when the time is over
   */
  public static Duration until(
      String what, Duration limit, BooleanSupplier condition, Supplier<String> state) {
    long start = System.nanoTime();
    long pause = FIRST_PAUSE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > limit.toNanos()) {
        throw new AssertionError(
            "not within " + limit.toSeconds() + " s: " + what + "\n" + state.get());
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_NANOS);
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
