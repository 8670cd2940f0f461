// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.ctdbj.recovery.ClusterLock;
import org.ctdbj.recovery.ClusterLock.Outcome;
import org.ctdbj.recovery.door.Timers;

/**
 * One attempt for the cluster lock, seen from the node thread, and its keeper: a thread that takes
 * the lock, keeps it and gives it back. The state belongs to the node thread; the keeper reports by
 * posting to it.
 */
final class LockAttempt implements ClusterLock.Attempt {
  /** What the keeper thread does. */
  interface Keeper {
    /**
     * Takes the lock and reports the outcome once; if that is HELD, keeps it until {@link
     * LockAttempt#awaitRelease} says so or it is lost, and returns after the lock is free.
     */
    void keep(LockAttempt attempt);

    /**
     * Called on the node thread when the attempt is over; makes {@link #keep} return soon. Must not
     * block.
     */
    void letGo();
  }

  private final Executor nodeThread;
  private final Keeper keeper;
  private final Consumer<Outcome> done;
  private final Runnable lost;
  private final CountDownLatch released = new CountDownLatch(1);
  private final Timers.Timer timeout;
  private boolean answered;
  private boolean over;

  LockAttempt(
      Executor nodeThread,
      Timers timers,
      int timeoutSeconds,
      Keeper keeper,
      Consumer<Outcome> done,
      Runnable lost) {
    this.nodeThread = nodeThread;
    this.keeper = keeper;
    this.done = done;
    this.lost = lost;
    this.timeout = timers.scheduleSeconds(timeoutSeconds, () -> answer(Outcome.TIMEOUT));
  }

  /** The keeper's thread body. */
  void run() {
    keeper.keep(this);
    post(
        () -> {
          if (!answered) {
            answer(Outcome.ERROR);
          } else if (!over) {
            over = true;
            lost.run();
          }
        });
  }

  /** Keeper thread: the outcome. */
  void report(Outcome outcome) {
    post(() -> answer(outcome));
  }

  /** Keeper thread: waits until the lock is to be given back; false if the time is over before. */
  boolean awaitRelease(long millis) throws InterruptedException {
    return released.await(millis, java.util.concurrent.TimeUnit.MILLISECONDS);
  }

  /** Whether the lock is to be given back. Any thread. */
  boolean isReleased() {
    return released.getCount() == 0;
  }

  @Override
  public void release() {
    answered = true;
    over = true;
    end();
  }

  private void answer(Outcome outcome) {
    if (answered) {
      return;
    }
    answered = true;
    timeout.cancel();
    if (outcome != Outcome.HELD) {
      over = true;
      end();
    }
    done.accept(outcome);
  }

  private void end() {
    timeout.cancel();
    released.countDown();
    keeper.letGo();
  }

  private void post(Runnable work) {
    try {
      nodeThread.execute(work);
    } catch (RejectedExecutionException daemonHasEnded) {
      released.countDown();
    }
  }
}
