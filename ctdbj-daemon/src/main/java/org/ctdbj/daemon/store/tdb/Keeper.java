// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.ctdbj.tdb.Tdb;

/**
 * The thread that locks the whole file, keeps it locked while the database is frozen, and does all
 * work in the frozen database in the order in which it was given.
 */
final class Keeper implements Runnable {
  /** What the node is told. Node thread. */
  interface Owner {
    /** The file is locked. */
    void held(Keeper keeper);

    /** The file cannot be locked. */
    void failed(Keeper keeper, RuntimeException reason);

    /** The file was locked and is free again. */
    void released(Keeper keeper);
  }

  /** Work on the locked file. Exactly one of the two methods is called, on the keeper's thread. */
  interface Work {
    void run(Tdb handle);

    /** The file is being given up. */
    void refuse();
  }

  private enum Phase {
    WAITING,
    /** The node wants the lock no more; taken and released as soon as it comes. */
    ABANDONED,
    HELD,
    ENDED
  }

  private static final Work END =
      new Work() {
        @Override
        public void run(Tdb handle) {}

        @Override
        public void refuse() {}
      };

  private final Handles handles;
  private final Workers workers;
  private final LockWatch watch;
  private final Owner owner;
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);
  private final LinkedBlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private boolean ending;
  private Runnable onEnding = () -> {};

  Keeper(Handles handles, Workers workers, LockWatch watch, Owner owner) {
    this.handles = handles;
    this.workers = workers;
    this.watch = watch;
    this.owner = owner;
  }

  /** Does the work after all that was given before. */
  void submit(Work work) {
    queue.add(work);
  }

  /**
   * Gives the file free, now or as soon as the wait for it is over. Work not yet begun is refused.
   */
  void release() {
    if (!phase.compareAndSet(Phase.WAITING, Phase.ABANDONED)) {
      Runnable told;
      synchronized (this) {
        ending = true;
        told = onEnding;
      }
      told.run();
      queue.add(END);
    }
  }

  /**
   * Goes on with a wait that was abandoned.
   *
   * @return false if it is over
   */
  boolean resume() {
    return phase.compareAndSet(Phase.ABANDONED, Phase.WAITING);
  }

  /** Long work is told through this when the file is being given up. Keeper's thread. */
  void onEnding(Runnable told) {
    boolean now;
    synchronized (this) {
      onEnding = told;
      now = ending;
    }
    if (now) {
      told.run();
    }
  }

  private synchronized boolean ending() {
    return ending;
  }

  @Override
  public void run() {
    Tdb handle;
    try {
      handle = handles.borrow();
    } catch (RuntimeException e) {
      fail(e);
      return;
    }
    try (var _ = watch.wholeFile()) {
      handle.lockAll();
    } catch (RuntimeException e) {
      handles.drop(handle);
      fail(e);
      return;
    }
    boolean healthy = true;
    try {
      if (settle() && workers.post(() -> owner.held(this))) {
        work(handle);
      }
      if (handle.inTransaction()) {
        handle.transactionCancel();
      }
      handle.unlockAll();
    } catch (RuntimeException e) {
      healthy = false;
      workers.log().error("unlock of a whole database failed: " + e.getMessage());
    }
    if (healthy) {
      handles.giveBack(handle);
    } else {
      handles.drop(handle);
    }
    workers.post(() -> owner.released(this));
  }

  private void fail(RuntimeException reason) {
    phase.set(Phase.ENDED);
    workers.post(() -> owner.failed(this, reason));
    refuseRest();
  }

  /** Decides, with the lock in hand, whether it is still wanted. */
  private boolean settle() {
    while (true) {
      if (phase.compareAndSet(Phase.WAITING, Phase.HELD)) {
        return true;
      }
      if (phase.compareAndSet(Phase.ABANDONED, Phase.ENDED)) {
        return false;
      }
    }
  }

  private void work(Tdb handle) {
    boolean interrupted = false;
    while (true) {
      Work next;
      try {
        next = queue.take();
      } catch (InterruptedException e) {
        interrupted = true;
        continue;
      }
      if (next == END) {
        break;
      }
      if (ending()) {
        next.refuse();
      } else {
        next.run(handle);
      }
    }
    phase.set(Phase.ENDED);
    refuseRest();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void refuseRest() {
    for (Work work = queue.poll(); work != null; work = queue.poll()) {
      work.refuse();
    }
  }
}
