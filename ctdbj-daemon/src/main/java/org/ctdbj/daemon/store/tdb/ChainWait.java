// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.concurrent.CountDownLatch;
import org.ctdbj.tdb.Tdb;

/**
 * One wait for the lock of one chain. A worker blocks until it has the lock on a handle of its own,
 * lends the handle to the node thread and unlocks it when the node thread has done its work under
 * the lock: a robust mutex can only be unlocked by the thread that locked it.
 */
final class ChainWait implements Runnable {
  /** What becomes of a wait. Node thread. */
  interface Owner {
    /**
     * The chain is locked; {@link ChainWait#finish} has to be called before the work in hand ends.
     */
    void lend(ChainWait wait, Tdb handle);

    /** The lock cannot be had at all. */
    void failed(ChainWait wait, RuntimeException reason);
  }

  private final Handles handles;
  private final Workers workers;
  private final LockWatch watch;
  private final Owner owner;
  private final int chain;
  private final byte[] key;
  private final CountDownLatch finished = new CountDownLatch(1);

  /**
   * Not started yet.
   *
   * @param key any key of the chain
   */
  ChainWait(Handles handles, Workers workers, LockWatch watch, Owner owner, int chain, byte[] key) {
    this.handles = handles;
    this.workers = workers;
    this.watch = watch;
    this.owner = owner;
    this.chain = chain;
    this.key = key;
  }

  /** The chain that is waited for. */
  int chain() {
    return chain;
  }

  /** The node thread needs the chain no more. Any thread. */
  void finish() {
    finished.countDown();
  }

  @Override
  public void run() {
    Tdb handle;
    try {
      handle = handles.borrow();
    } catch (RuntimeException e) {
      workers.post(() -> owner.failed(this, e));
      return;
    }
    try (var _ = watch.chain(chain, key)) {
      handle.lockChain(key);
    } catch (RuntimeException e) {
      handles.drop(handle);
      workers.post(() -> owner.failed(this, e));
      return;
    }
    try {
      if (workers.post(() -> owner.lend(this, handle))) {
        awaitFinish();
      }
      handle.unlockChain(key);
    } catch (RuntimeException e) {
      workers.log().error("unlock of a chain failed: " + e.getMessage());
      handles.drop(handle);
      return;
    }
    handles.giveBack(handle);
  }

  /** Not interruptible: the node thread may be working in the chain. */
  private void awaitFinish() {
    boolean interrupted = false;
    while (true) {
      try {
        finished.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
