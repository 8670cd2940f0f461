// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.Optional;
import org.ctdbj.recovery.door.Timers;

/**
 * Gives memory back that the heap has grown by and that nobody uses. The serial collector lets old
 * objects lie until the heap is full, and the buffers of a recovery are many: without this a node
 * keeps the memory of its largest recovery for ever. A collection of the whole heap takes a few ten
 * milliseconds, because records are not kept on it, and comes at most once in a period, only when
 * there is something to be gained. Collectors that give memory back by themselves are left alone.
 * Node thread.
 */
final class HeapTrim {
  private static final int PERIOD_SECONDS = 20;

  /** Less than this is not worth a pause. */
  private static final long WORTHWHILE_BYTES = 48L << 20;

  private final Timers timers;
  private final Optional<MemoryPoolMXBean> old;
  private long usedAfterLast;

  HeapTrim(Timers timers) {
    this.timers = timers;
    this.old =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getName().equals("Tenured Gen"))
            .findFirst();
  }

  void start() {
    if (old.isPresent()) {
      timers.scheduleSeconds(PERIOD_SECONDS, this::look);
    }
  }

  private void look() {
    long used = old.orElseThrow().getUsage().getUsed();
    if (used - usedAfterLast > WORTHWHILE_BYTES) {
      System.gc();
      usedAfterLast = old.orElseThrow().getUsage().getUsed();
    }
    start();
  }
}
