// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.node.NodeStatistics.LatencyKind;
import org.ctdbj.daemon.store.RecordKey;

/**
 * Chain locks of one database: taken without waiting, or waited for aside. An smbd may keep a lock
 * for seconds while it waits for this daemon to answer something about another record, so any
 * number of packets may wait here and none of them holds up another chain. Their number is bounded
 * by what sends them: each is a request of a client or peer that has not been answered.
 */
final class ChainLocks {
  private final RecordAccess access;
  private final DatabaseCounters counters;
  private int waiting;
  private boolean insideWait;

  ChainLocks(RecordAccess access, DatabaseCounters counters) {
    this.access = access;
    this.counters = counters;
  }

  /**
   * Takes the lock if it is free; every true needs an {@link #unlock} before the present work ends.
   */
  boolean tryLock(RecordKey key) {
    return access.store.tryLock(key);
  }

  void unlock(RecordKey key) {
    access.store.unlock(key);
  }

  /** Runs the task when the lock can be had; the task takes it itself. */
  void whenFree(RecordKey key, Runnable task) {
    long startNanos = access.node.timers().nowNanos();
    waiting++;
    access.node.statistics().increment(Counter.LOCK_CURRENT);
    access.store.lockLater(
        key,
        () -> {
          waiting--;
          double seconds = (access.node.timers().nowNanos() - startNanos) / 1e9;
          access.node.statistics().add(Counter.LOCK_CURRENT, -1);
          access.node.statistics().increment(Counter.LOCK_CALLS);
          access.node.statistics().latency(LatencyKind.LOCKS, seconds);
          counters.lock(seconds);
          insideWait = true;
          try {
            task.run();
          } finally {
            insideWait = false;
          }
        });
  }

  /** Number of tasks that wait. */
  int waiting() {
    return waiting;
  }

  /**
   * Runs what must not happen while this node still has the chain: answering a client, which takes
   * the lock as soon as it reads the answer. Inside a task of {@link #whenFree} the store gives the
   * lock up only after the task.
   */
  void afterUnlock(Runnable task) {
    if (insideWait) {
      access.node.timers().schedule(0, task);
    } else {
      task.run();
    }
  }

  /** The engine ends: tasks that wait will never run. */
  void close() {
    access.node.statistics().add(Counter.LOCK_CURRENT, -waiting);
    waiting = 0;
  }
}
