// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import org.ctdbj.recovery.door.Timers;

/**
 * Time as one daemon sees it. What it has scheduled dies with it, and waits while it is stopped as
 * by SIGSTOP.
 */
final class NodeClock implements Timers {
  /** Wall clock at the start of every simulation. */
  private static final long EPOCH_MICROS = 1_700_000_000_000_000L;

  private final EventQueue queue;
  private final Runnable afterEvent;
  private final Deque<Task> backlog = new ArrayDeque<>();
  private int incarnation;
  private boolean paused;

  private final class Task implements Timer {
    private final Runnable work;
    private final int owner = incarnation;
    private boolean cancelled;

    Task(Runnable work) {
      this.work = work;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    void due() {
      if (cancelled || owner != incarnation) {
        return;
      }
      if (paused) {
        backlog.add(this);
        return;
      }
      work.run();
      afterEvent.run();
    }
  }

  /**
   * @param afterEvent runs after each piece of work of the daemon
   */
  NodeClock(EventQueue queue, Runnable afterEvent) {
    this.queue = queue;
    this.afterEvent = afterEvent;
  }

  @Override
  public long nowNanos() {
    return queue.nowNanos();
  }

  @Override
  public long wallClockMicros() {
    return EPOCH_MICROS + queue.nowNanos() / 1000;
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    var entry = new Task(task);
    queue.schedule(delayNanos, entry::due);
    return entry;
  }

  /** The daemon is gone; nothing of what it had planned happens. */
  void end() {
    incarnation++;
    backlog.clear();
    paused = false;
  }

  boolean paused() {
    return paused;
  }

  void pause() {
    paused = true;
  }

  /** Goes on with what has come up meanwhile, in its order. */
  void resume() {
    paused = false;
    while (!backlog.isEmpty() && !paused) {
      backlog.remove().due();
    }
  }
}
