// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import java.util.PriorityQueue;
import org.ctdbj.recovery.door.Timers;

/** Time that passes only when a test says so, and the work that is due then, in a fixed order. */
public final class VirtualTime implements Timers {
  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private long now;
  private long scheduled;

  private static final class Task implements Timer, Comparable<Task> {
    final long dueNanos;
    final long number;
    final Runnable work;
    boolean cancelled;

    Task(long dueNanos, long number, Runnable work) {
      this.dueNanos = dueNanos;
      this.number = number;
      this.work = work;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(dueNanos, other.dueNanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  @Override
  public long nowNanos() {
    return now;
  }

  @Override
  public long wallClockMicros() {
    return 1_700_000_000_000_000L + now / 1000;
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    var entry = new Task(now + Math.max(0, delayNanos), scheduled++, task);
    tasks.add(entry);
    return entry;
  }

  /**
   * Runs the next task, which may make time pass; false if there is none that is due by the given
   * moment.
   */
  public boolean step(long untilNanos) {
    while (!tasks.isEmpty() && tasks.peek().dueNanos <= untilNanos) {
      Task task = tasks.remove();
      if (!task.cancelled) {
        now = task.dueNanos;
        task.work.run();
        return true;
      }
    }
    return false;
  }

  /** Lets so much time pass, running all that is due. */
  public void pass(long nanos) {
    long until = now + nanos;
    while (step(until)) {
      // the work is done by step
    }
    now = until;
  }

  /** {@link #pass} in milliseconds. */
  public void passMillis(long millis) {
    pass(millis * 1_000_000);
  }

  /** {@link #pass} in seconds. */
  public void passSeconds(long seconds) {
    pass(seconds * 1_000_000_000);
  }
}
