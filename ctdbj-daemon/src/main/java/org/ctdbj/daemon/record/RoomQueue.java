// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayDeque;
import org.ctdbj.recovery.door.Timers;

/**
 * Work of one database that found no room on the disk, tried again every second, oldest first. A
 * task that fails again adds itself again, to the end. However many wait, only a few of them fail
 * per second: thousands of failing stores would keep the node from work that needs no room. As soon
 * as tasks succeed, the others follow at once. Their number is bounded by what sends them: each is
 * a request of a client or peer that has not been answered. Node thread.
 */
final class RoomQueue {
  /** Between two tries. */
  static final int RETRY_SECONDS = 1;

  /**
   * Failures that end a try: not the first one, because a small record may fit where a large one
   * does not.
   */
  static final int FAILURES = 8;

  /** Tasks in one piece of work. */
  static final int SLICE = 64;

  private final Timers timers;
  private final Runnable stillFull;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private Timers.Timer timer;
  private int added;
  private boolean closed;

  /**
   * A queue without tasks.
   *
   * @param stillFull runs once for each try in which a task failed again
   */
  RoomQueue(Timers timers, Runnable stillFull) {
    this.timers = timers;
    this.stillFull = stillFull;
  }

  /** Tries the task later. */
  void add(Runnable task) {
    if (closed) {
      return;
    }
    tasks.add(task);
    added++;
    if (timer == null) {
      timer = timers.scheduleSeconds(RETRY_SECONDS, this::retry);
    }
  }

  /** Number of tasks that wait. */
  int size() {
    return tasks.size();
  }

  private void retry() {
    added = 0;
    int left = Math.min(SLICE, tasks.size());
    while (left-- > 0 && added < FAILURES && !closed) {
      tasks.remove().run();
    }
    if (closed || tasks.isEmpty()) {
      timer = null;
      return;
    }
    if (added == 0) {
      timer = timers.schedule(0, this::retry);
    } else {
      timer = timers.scheduleSeconds(RETRY_SECONDS, this::retry);
      stillFull.run();
    }
  }

  /** No task runs any more. */
  void close() {
    closed = true;
    tasks.clear();
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
