// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.util.function.Supplier;
import org.ctdbj.tdb.os.LateFault;
import org.ctdbj.tdb.os.LockMode;

/** The calls of {@link Tdb} that lock chains and the whole database. */
abstract sealed class LockCalls permits Tdb {
  final TdbState state;
  final WholeDatabase whole;

  LockCalls(TdbState state, WholeDatabase whole) {
    this.state = state;
    this.whole = whole;
  }

  /** The hash chain that a key belongs to, 0 to {@link Tdb#hashSize()} - 1. Takes no lock. */
  public final int chainOf(byte[] key) {
    return state.chainOfKey(key);
  }

  /** Write-locks the chain of {@code key} if that is possible at once. */
  public final boolean tryLockChain(byte[] key) {
    try {
      boolean locked = state.locks.tryLockChain(chainOf(key));
      LateFault.deliver();
      return locked;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * Write-locks the chain of {@code key}. The caller holds no other chain, or deadlocks with one
   * who holds this one.
   */
  public final void lockChain(byte[] key) {
    try {
      state.locks.lockChain(chainOf(key));
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  public final void unlockChain(byte[] key) {
    try {
      state.locks.unlockChain(chainOf(key));
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * Read-locks the chain of {@code key} if that is possible at once. In a file with mutexes readers
   * exclude each other.
   */
  public final boolean tryLockChainRead(byte[] key) {
    try {
      boolean locked = state.locks.tryLockChainRead(chainOf(key));
      LateFault.deliver();
      return locked;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  public final void lockChainRead(byte[] key) {
    try {
      state.locks.lockChainRead(chainOf(key));
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  public final void unlockChainRead(byte[] key) {
    try {
      state.locks.unlockChainRead(chainOf(key));
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * Makes this handle count the chain of {@code key} as write-locked, without locking: another
   * handle, perhaps in another process, holds the lock for it. Whether that is so is not checked.
   * Nests with real locks of the chain, and needs an {@link #unmarkChain}.
   */
  public final void markChain(byte[] key) {
    state.locks.markChain(chainOf(key));
  }

  /**
   * Undoes one {@link #markChain}.
   *
   * @throws TdbException {@link TdbError#LOCK} if the chain is not marked. Unlike libtdb, which
   *     forgets a real lock then and keeps others out for good, also if it is locked
   */
  public final void unmarkChain(byte[] key) {
    state.locks.unmarkChain(chainOf(key));
  }

  /**
   * Write-locks the whole database if that is possible at once. The handle must hold no chain and
   * no transaction lock, be writable and not be in a read traverse; else {@link TdbError#LOCK}.
   */
  public final boolean tryLockAll() {
    try {
      boolean locked = whole.lock(LockMode.WRITE, false);
      LateFault.deliver();
      return locked;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /** Write-locks the whole database; see {@link #tryLockAll}. */
  public final void lockAll() {
    try {
      whole.lock(LockMode.WRITE, true);
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * Write-locks the whole database, chain by chain where it has to wait, and tells how far it has
   * come; see {@link #tryLockAll}.
   *
   * @param progress is told at the end, and in between whenever there was something to wait for; an
   *     exception of it comes back from this call, and nothing is locked then
   * @return false if {@code progress} wanted no more: nothing is locked then
   */
  public final boolean lockAll(LockProgress progress) {
    return guarded(() -> whole.lock(LockMode.WRITE, progress));
  }

  public final void unlockAll() {
    try {
      whole.unlock(LockMode.WRITE);
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /** Read-locks the whole database if that is possible at once; see {@link #tryLockAll}. */
  public final boolean tryLockAllRead() {
    return guarded(() -> whole.lock(LockMode.READ, false));
  }

  /** Read-locks the whole database; see {@link #tryLockAll}. */
  public final void lockAllRead() {
    run(() -> whole.lock(LockMode.READ, true));
  }

  public final void unlockAllRead() {
    try {
      whole.unlock(LockMode.READ);
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * Makes this handle count the whole database as write-locked, without locking: as {@link
   * #markChain}.
   *
   * @throws TdbException {@link TdbError#LOCK} as {@link #tryLockAll}, and if an interrupted commit
   *     has to be rolled back
   */
  public final void markAll() {
    run(whole::mark);
  }

  /** Undoes one {@link #markAll}; refused as {@link #unmarkChain} is. */
  public final void unmarkAll() {
    state.locks.unmarkAll();
  }

  /**
   * Makes this handle count the lock of transactions as held, without locking: as {@link
   * #markChain}. Its own transactions are refused meanwhile, unless it also holds all records.
   */
  public final void markTransaction() {
    state.locks.markTransaction();
  }

  /** Undoes one {@link #markTransaction}; refused as {@link #unmarkChain} is. */
  public final void unmarkTransaction() {
    state.locks.unmarkTransaction();
  }

  // ---- where all calls that touch the file pass through ----

  final <R> R guarded(Supplier<R> call) {
    state.locks.requireUsable();
    try {
      var result = call.get();
      LateFault.deliver();
      return result;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  final void run(Runnable call) {
    state.locks.requireUsable();
    try {
      call.run();
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * What a call throws instead of {@code t}. If that is the loss of a mapped page, or one is due,
   * no count of locks and no transaction can be trusted any more: the handle gives up all its locks
   * (libtdb's process would be dead, with the same effect) and is of no further use.
   */
  final RuntimeException failure(Throwable t) {
    if (t instanceof InternalError lost) {
      return lost(lost);
    }
    var failed = (RuntimeException) t;
    try {
      LateFault.deliver();
      return failed;
    } catch (InternalError late) {
      var lost = lost(late);
      lost.addSuppressed(failed);
      return lost;
    }
  }

  private TdbException lost(InternalError fault) {
    var lost =
        TdbException.of(
            TdbError.IO,
            state.path,
            "a mapped part of the file cannot be accessed (truncated, or I/O error)",
            fault);
    try {
      abandonTransaction();
      state.locks.abandon();
    } catch (TdbException | InternalError e) {
      lost.addSuppressed(e);
    }
    return lost;
  }

  /** Forgets a transaction without touching the file. */
  abstract void abandonTransaction();
}
