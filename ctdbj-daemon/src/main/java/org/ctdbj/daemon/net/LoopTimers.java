// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.channel.EventLoop;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.ctdbj.recovery.door.Timers;

/**
 * Timers of the node thread. They are kept here and not in Netty so that {@link #runDue} can run
 * what is due before packets that waited in a socket meanwhile: a node that was suspended must
 * notice how long it was away before it hears the leader messages of that time.
 */
final class LoopTimers implements Timers {
  /** Below this many there is no point in cleaning up. */
  private static final int FEW = 1024;

  private final EventLoop loop;
  private final Guard guard;
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(
          Comparator.<Task>comparingLong(t -> t.deadlineNanos).thenComparingLong(t -> t.number));
  private final long originNanos = System.nanoTime();
  private long nextNumber;
  private int cancelled;
  private long wakeUpNanos = Long.MAX_VALUE;

  LoopTimers(EventLoop loop, Guard guard) {
    this.loop = loop;
    this.guard = guard;
  }

  @Override
  public long nowNanos() {
    return System.nanoTime() - originNanos;
  }

  @Override
  public long wallClockMicros() {
    Instant now = Instant.now();
    return Math.addExact(
        Math.multiplyExact(now.getEpochSecond(), 1_000_000L), now.getNano() / 1000);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable action) {
    if (!loop.inEventLoop()) {
      throw new IllegalStateException(
          "timers belong to the node thread, not to " + Thread.currentThread().getName());
    }
    long now = nowNanos();
    long deadline =
        delayNanos <= 0
            ? now
            : now > Long.MAX_VALUE - delayNanos ? Long.MAX_VALUE : now + delayNanos;
    var task = new Task(deadline, nextNumber++, action);
    tasks.add(task);
    arm(now);
    return task;
  }

  /** Runs what is due and was scheduled before this call. Not to be called from inside the core. */
  void runDue() {
    long now = nowNanos();
    long end = nextNumber;
    Task first = tasks.peek();
    while (first != null && first.deadlineNanos <= now && first.number < end) {
      tasks.poll();
      Runnable action = first.action;
      first.action = null;
      if (action == null) {
        cancelled--;
      } else {
        guard.run(action);
      }
      first = tasks.peek();
    }
    arm(nowNanos());
  }

  private void arm(long now) {
    Task first = tasks.peek();
    if (first == null || first.deadlineNanos >= wakeUpNanos) {
      return;
    }
    wakeUpNanos = first.deadlineNanos;
    if (first.deadlineNanos <= now) {
      loop.execute(this::wakeUp);
    } else {
      var _ = loop.schedule(this::wakeUp, first.deadlineNanos - now, TimeUnit.NANOSECONDS);
    }
  }

  private void wakeUp() {
    wakeUpNanos = Long.MAX_VALUE;
    runDue();
  }

  private void dropCancelled() {
    if (cancelled > FEW && cancelled > tasks.size() / 2) {
      tasks.removeIf(task -> task.action == null);
      cancelled = 0;
    }
  }

  private final class Task implements Timer {
    private final long deadlineNanos;
    private final long number;
    private Runnable action;

    Task(long deadlineNanos, long number, Runnable action) {
      this.deadlineNanos = deadlineNanos;
      this.number = number;
      this.action = action;
    }

    @Override
    public void cancel() {
      if (action != null) {
        action = null;
        cancelled++;
        dropCancelled();
      }
    }
  }
}
