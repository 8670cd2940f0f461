// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.ctdbj.recovery.ClusterLock;

/**
 * The cluster lock that all nodes of a simulation share. Its helpers are processes of their own:
 * they hold the lock while their daemon is stopped, and for a while after its death.
 */
final class SimLock {
  private static final long HELPER_NANOS = 30_000_000;
  private static final long RELEASE_NANOS = 3_000_000_000L;

  private final EventQueue queue;
  private final Random random;
  private final List<Holding> undecided = new ArrayList<>();
  private Holding holder;
  private final Holding[] believed;

  private static final class Holding implements ClusterLock.Attempt {
    final SimLock lock;
    final int pnn;
    final NodeClock clock;
    final Runnable lost;
    boolean released;

    Holding(SimLock lock, int pnn, NodeClock clock, Runnable lost) {
      this.lock = lock;
      this.pnn = pnn;
      this.clock = clock;
      this.lost = lost;
    }

    @Override
    public void release() {
      released = true;
      lock.noLongerBelieved(this);
      if (lock.holder == this) {
        lock.holder = null;
      }
    }
  }

  SimLock(EventQueue queue, Random random, int nodes) {
    this.queue = queue;
    this.random = random;
    this.believed = new Holding[nodes];
  }

  /** The lock as one daemon uses it. */
  ClusterLock door(int pnn, NodeClock clock) {
    return new ClusterLock() {
      @Override
      public boolean configured() {
        return true;
      }

      @Override
      public ClusterLock.Attempt acquire(
          int timeoutSeconds, Consumer<Outcome> done, Runnable lost) {
        var attempt = new Holding(SimLock.this, pnn, clock, lost);
        undecided.add(attempt);
        queue.schedule(random.nextLong(HELPER_NANOS), () -> attempt(attempt, done));
        return attempt;
      }
    };
  }

  private void attempt(Holding attempt, Consumer<ClusterLock.Outcome> done) {
    undecided.remove(attempt);
    if (attempt.released) {
      return;
    }
    if (holder != null) {
      attempt.clock.schedule(0, () -> answer(attempt, done, ClusterLock.Outcome.CONTENDED));
      return;
    }
    holder = attempt;
    attempt.clock.schedule(0, () -> answer(attempt, done, ClusterLock.Outcome.HELD));
  }

  private void answer(
      Holding attempt, Consumer<ClusterLock.Outcome> done, ClusterLock.Outcome outcome) {
    if (attempt.released) {
      return;
    }
    if (outcome == ClusterLock.Outcome.HELD) {
      believed[attempt.pnn] = attempt;
    }
    done.accept(outcome);
  }

  private void noLongerBelieved(Holding attempt) {
    if (believed[attempt.pnn] == attempt) {
      believed[attempt.pnn] = null;
    }
  }

  /** Whether the node has been told that it holds the lock, and not that it has lost it. */
  boolean believes(int pnn) {
    return believed[pnn] != null;
  }

  /** The holder's helper dies; its daemon is told. */
  void lose() {
    if (holder != null) {
      Holding was = holder;
      holder = null;
      if (was.released) {
        return; // its daemon is dead
      }
      was.clock.schedule(
          0,
          () -> {
            if (!was.released) {
              noLongerBelieved(was);
              was.lost.run();
            }
          });
    }
  }

  /** The node's daemon has died; its helper notices some time later. */
  void daemonDied(int pnn) {
    believed[pnn] = null;
    for (Holding attempt : undecided) {
      attempt.released |= attempt.pnn == pnn;
    }
    Holding was = holder;
    if (was != null && was.pnn == pnn && !was.released) {
      was.released = true;
      queue.schedule(
          random.nextLong(RELEASE_NANOS),
          () -> {
            if (holder == was) {
              holder = null;
            }
          });
    }
  }
}
