// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.recovery.door.Timers;

/**
 * Hash chain locks without a file: held by the daemon for the length of one piece of work, or by
 * processes of the test for as long as they like. First come, first served. While {@code open} is
 * false nobody gets a lock.
 */
final class MemoryChains {
  private final Timers timers;
  private final BooleanSupplier open;
  private final Runnable released;
  private final Chain[] chains;

  private static final class Chain {
    /** Process that holds the lock; null if none. */
    Object holder;

    /** Locks of the holder, or of the daemon if there is no holder. */
    int depth;

    final Deque<Waiter> waiters = new ArrayDeque<>();
    boolean pumping;
  }

  private record Waiter(Object process, Runnable task) {}

  MemoryChains(int count, Timers timers, BooleanSupplier open, Runnable released) {
    this.timers = timers;
    this.open = open;
    this.released = released;
    this.chains = new Chain[count];
    for (int i = 0; i < count; i++) {
      chains[i] = new Chain();
    }
  }

  int count() {
    return chains.length;
  }

  int index(RecordKey key) {
    return Integer.remainderUnsigned(key.hash(), chains.length);
  }

  boolean tryLock(int index) {
    Chain chain = chains[index];
    if (chain.holder != null || (chain.depth == 0 && !open.getAsBoolean())) {
      return false;
    }
    chain.depth++;
    return true;
  }

  void unlock(int index) {
    Chain chain = chains[index];
    if (chain.holder != null || chain.depth == 0) {
      throw new IllegalStateException(
          "unlock of chain " + index + ", which the daemon does not hold");
    }
    if (--chain.depth == 0) {
      pump(chain);
    }
  }

  /** The daemon waits for a lock; the task runs holding it once. */
  void lockLater(int index, Runnable task) {
    chains[index].waiters.add(new Waiter(null, task));
    pump(chains[index]);
  }

  /** A process waits for a lock, or nests in its own; the task runs when it holds it. */
  void lock(int index, Object process, Runnable granted) {
    Chain chain = chains[index];
    if (process.equals(chain.holder)) {
      chain.depth++;
      timers.schedule(0, granted);
      return;
    }
    chain.waiters.add(new Waiter(process, granted));
    pump(chain);
  }

  /** A process takes a lock now if it can. */
  boolean tryLock(int index, Object process) {
    Chain chain = chains[index];
    if (!process.equals(chain.holder) && (chain.depth > 0 || !open.getAsBoolean())) {
      return false;
    }
    chain.holder = process;
    chain.depth++;
    return true;
  }

  void unlock(int index, Object process) {
    Chain chain = chains[index];
    if (!process.equals(chain.holder)) {
      throw new IllegalStateException("unlock of chain " + index + " by one who does not hold it");
    }
    if (--chain.depth == 0) {
      chain.holder = null;
      pump(chain);
      released.run();
    }
  }

  /** The process is dead: its locks and its waits are gone. */
  void dead(Object process) {
    for (Chain chain : chains) {
      chain.waiters.removeIf(waiter -> process.equals(waiter.process));
      if (process.equals(chain.holder)) {
        chain.holder = null;
        chain.depth = 0;
      }
      pump(chain);
    }
    released.run();
  }

  /** Whether any process holds a lock. */
  boolean anyHeld() {
    for (Chain chain : chains) {
      if (chain.holder != null) {
        return true;
      }
    }
    return false;
  }

  /** Locks may be had again. */
  void reopened() {
    for (Chain chain : chains) {
      pump(chain);
    }
  }

  void close() {
    for (Chain chain : chains) {
      chain.waiters.clear();
    }
  }

  /** Throws if the daemon holds a lock: it must not between two events. */
  void checkIdle() {
    for (int i = 0; i < chains.length; i++) {
      if (chains[i].holder == null && chains[i].depth > 0) {
        throw new IllegalStateException("the daemon still holds the lock of chain " + i);
      }
    }
  }

  private void pump(Chain chain) {
    if (chain.pumping || chain.waiters.isEmpty()) {
      return;
    }
    chain.pumping = true;
    timers.schedule(
        0,
        () -> {
          chain.pumping = false;
          if (chain.depth > 0 || chain.waiters.isEmpty() || !open.getAsBoolean()) {
            return; // the next unlock or thaw comes back here
          }
          Waiter next = chain.waiters.remove();
          chain.depth = 1;
          if (next.process != null) {
            chain.holder = next.process;
            next.task.run();
          } else {
            try {
              next.task.run();
            } finally {
              chain.depth = 0;
            }
            pump(chain);
          }
        });
  }
}
