// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.PriorityQueue;
import org.ctdbj.recovery.door.Timers;

/** The only clock of a simulation and all that is still to happen, by time and then by order. */
final class EventQueue {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long nowNanos;
  private long scheduled;
  private long processed;

  private static final class Event implements Timers.Timer, Comparable<Event> {
    final long dueNanos;
    final long number;
    final Runnable work;
    boolean cancelled;

    Event(long dueNanos, long number, Runnable work) {
      this.dueNanos = dueNanos;
      this.number = number;
      this.work = work;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(dueNanos, other.dueNanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  long nowNanos() {
    return nowNanos;
  }

  /** Events that have run. */
  long processed() {
    return processed;
  }

  Timers.Timer schedule(long delayNanos, Runnable work) {
    var event = new Event(nowNanos + Math.max(0, delayNanos), scheduled++, work);
    events.add(event);
    return event;
  }

  /** Runs the next event that is due by the given moment; false if there is none. */
  boolean step(long untilNanos) {
    while (!events.isEmpty() && events.peek().dueNanos <= untilNanos) {
      Event event = events.remove();
      if (!event.cancelled) {
        nowNanos = event.dueNanos;
        processed++;
        event.work.run();
        return true;
      }
    }
    nowNanos = untilNanos;
    return false;
  }
}
