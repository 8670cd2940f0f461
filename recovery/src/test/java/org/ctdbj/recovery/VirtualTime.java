// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.Comparator;
import java.util.PriorityQueue;

/** The clock of a fake cluster: moves from one event to the next. */
final class VirtualTime {
  private record Event(long atNanos, long order, Runnable task) {}

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::atNanos).thenComparingLong(Event::order));
  private long now;
  private long order;

  long now() {
    return now;
  }

  void after(long delayNanos, Runnable task) {
    events.add(new Event(now + Math.max(0, delayNanos), order++, task));
  }

  /** Runs everything that is due within the time. */
  void runSeconds(double seconds) {
    long end = now + (long) (seconds * 1e9);
    while (!events.isEmpty() && events.peek().atNanos <= end) {
      step();
    }
    now = end;
  }

  /**
   * Runs until the condition holds.
   *
   * @return seconds that it took; fails after the limit
   */
  double runUntil(double limitSeconds, java.util.function.BooleanSupplier condition) {
    long start = now;
    long end = now + (long) (limitSeconds * 1e9);
    while (!condition.getAsBoolean()) {
      if (events.isEmpty() || events.peek().atNanos > end) {
        throw new AssertionError("condition does not hold after " + limitSeconds + " seconds");
      }
      step();
    }
    return (now - start) / 1e9;
  }

  private void step() {
    var event = events.poll();
    now = event.atNanos;
    event.task.run();
  }
}
