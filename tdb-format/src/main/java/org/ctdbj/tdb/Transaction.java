// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import org.ctdbj.tdb.lock.ReleaseSequence;

/**
 * One transaction of a handle: from {@link #start} on the handle works on an overlay.
 *
 * <p>A handle that holds the exclusive allrecord lock starts and cancels without taking a lock:
 * nobody else can write, and its allrecord lock outlives the transaction. To commit it takes the
 * open lock like any other: an opener takes no data lock before it looks for valid recovery data,
 * and would roll back the commit that is under way.
 */
final class Transaction {
  private final TdbState state;
  private final TransactionOverlay overlay;
  private final CommitWriter writer;
  private final boolean ownsLocks;
  private int nested;
  private final long sizeBefore;
  private boolean openLocked;
  private boolean written;
  private boolean ended;

  private Transaction(TdbState state, FreeList freeList, boolean ownsLocks) {
    this.state = state;
    this.ownsLocks = ownsLocks;
    this.sizeBefore = state.file.size();
    this.overlay = new TransactionOverlay(state.file);
    this.writer = new CommitWriter(state, freeList, overlay);
  }

  /**
   * Starts one, for a handle that has none open.
   *
   * @param wait whether to wait for the transaction lock; for all records it always waits
   * @return null if another holder has the transaction lock, never with {@code wait}
   */
  static Transaction start(TdbState state, FreeList freeList, boolean wait) {
    if (state.readOnly) {
      throw TdbException.of(
          TdbError.EINVAL, state.path, "is open read-only: no transaction can be started");
    }
    if (state.has(TdbFlag.INTERNAL)) {
      throw TdbException.of(
          TdbError.EINVAL, state.path, "is a database in memory: it has no transactions");
    }
    if (state.positions != null) {
      throw TdbException.of(
          TdbError.LOCK, state.path, "cannot start a transaction inside a traverse");
    }
    boolean ownsLocks = !state.locks.holdsAllExclusive();
    if (ownsLocks) {
      if (state.locks.holdsExtra(false)) {
        throw TdbException.of(
            TdbError.LOCK, state.path, "cannot start a transaction while holding other locks");
      }
      if (wait) {
        state.locks.lockTransaction();
      } else if (!state.locks.tryLockTransaction()) {
        return null;
      }
      try {
        state.locks.lockAllUpgradable();
      } catch (TdbException e) {
        try {
          state.locks.unlockTransaction();
        } catch (TdbException suppressed) {
          e.addSuppressed(suppressed);
        }
        throw e;
      }
    }
    try {
      state.file.refresh();
      if (!ownsLocks) {
        rollBackPending(state);
      }
      var transaction = new Transaction(state, freeList, ownsLocks);
      state.io = transaction.overlay;
      return transaction;
    } catch (RuntimeException | InternalError e) {
      if (ownsLocks) {
        try {
          unlockData(state).end();
        } catch (TdbException suppressed) {
          e.addSuppressed(suppressed);
        }
      }
      throw e;
    }
  }

  /**
   * A commit of this handle may have failed, and its rollback too, without the allrecord lock given
   * back: no lock has noticed since, and the next commit would overwrite the old contents.
   */
  private static void rollBackPending(TdbState state) {
    if (Recovery.isNeeded(state.file)) {
      state.locks.lockOpen();
      try {
        Recovery.run(state.file);
      } finally {
        state.locks.unlockOpen();
      }
    }
  }

  private static ReleaseSequence unlockData(TdbState state) {
    return new ReleaseSequence()
        .run(state.locks::unlockAllEntirely)
        .run(state.locks::unlockTransaction);
  }

  void nest() {
    if (!state.has(TdbFlag.ALLOW_NESTING)) {
      throw TdbException.of(
          TdbError.NESTING, state.path, "a transaction is open and this handle does not nest them");
    }
    nested++;
  }

  /**
   * Ends an inner transaction; false if this is the outermost one.
   *
   * @throws TdbException {@link TdbError#IO} if it was to be committed although one inside or
   *     beside it has been cancelled; it has ended then
   */
  boolean endNested(boolean cancelled) {
    if (nested == 0) {
      return false;
    }
    nested--;
    overlay.poison(cancelled);
    if (!cancelled) {
      requireSound();
    }
    return true;
  }

  private void requireSound() {
    if (overlay.isPoisoned()) {
      throw TdbException.of(
          TdbError.IO,
          state.path,
          "an inner transaction was cancelled, or a write failed: the transaction cannot commit");
    }
  }

  /** Preparing is for the outermost transaction; an inner one that cannot commit ends here. */
  void prepareNested() {
    if (overlay.isSealed() || overlay.isPoisoned()) {
      boolean twice = overlay.isSealed();
      nested--;
      overlay.poison(true);
      if (twice) {
        throw preparedTwice();
      }
      requireSound();
    }
  }

  private TdbException preparedTwice() {
    return TdbException.of(
        TdbError.EINVAL, state.path, "was prepared already: the transaction is cancelled");
  }

  boolean isNested() {
    return nested > 0;
  }

  void prepare() {
    if (overlay.isSealed()) {
      var refused = preparedTwice();
      cancelAfter(refused);
      throw refused;
    }
    try {
      requireSound();
    } catch (TdbException e) {
      cancelAfter(e);
      throw e;
    }
    if (overlay.isEmpty()) {
      return;
    }
    try {
      if (ownsLocks) {
        if (state.locks.holdsExtra(true)) {
          throw TdbException.of(
              TdbError.LOCK, state.path, "cannot commit while holding chain locks");
        }
        state.locks.upgradeAll();
      }
      state.locks.lockOpen();
      openLocked = true;
      writer.prepare();
    } catch (RuntimeException | InternalError e) {
      cancelAfter(e);
      throw e;
    }
  }

  /**
   * Makes the transaction permanent and ends it, whatever happens.
   *
   * @return whether the file has become so fragmented that repacking pays
   */
  boolean commit() {
    if (overlay.isEmpty() && !overlay.isPoisoned()) {
      end();
      return false;
    }
    if (!overlay.isSealed()) {
      prepare();
    } else {
      try {
        requireSound();
      } catch (TdbException e) {
        cancelAfter(e);
        throw e;
      }
    }
    boolean repack;
    try {
      repack = overlay.hasGrown() && new FreeList(state).isFragmented();
      writer.write();
      written = true;
    } catch (RuntimeException | InternalError e) {
      rollBackAfter(e);
      throw e;
    }
    cancel();
    return repack;
  }

  private void rollBackAfter(Throwable failure) {
    try {
      if (writer.isRecoveryValid()) {
        Recovery.run(state.file);
      }
    } catch (RuntimeException | InternalError e) {
      // The recovery data stays valid in the file: whoever takes the next lock tries again.
      failure.addSuppressed(e);
      endAfter(failure, this::end);
      return;
    }
    cancelAfter(failure);
  }

  private void cancelAfter(Throwable failure) {
    endAfter(failure, this::cancel);
  }

  private static void endAfter(Throwable failure, Runnable end) {
    try {
      end.run();
    } catch (RuntimeException | InternalError e) {
      failure.addSuppressed(e);
    }
  }

  /** Drops what is not written, marks the recovery data as not needed and gives the locks back. */
  void cancel() {
    new ReleaseSequence()
        .run(() -> writer.invalidate(written))
        .run(this::reclaim)
        .run(this::end)
        .end();
  }

  /**
   * A commit that was given up after it had grown the file leaves space that no list leads to.
   * libtdb leaves it like that and its check then calls the file corrupt. With the open lock held
   * everybody else is out, but for those who walk the free list.
   */
  private void reclaim() {
    if (openLocked && !written && !state.has(TdbFlag.NOLOCK) && state.file.size() > sizeBefore) {
      state.locks.lockFreeListOfOthers();
      try {
        LostSpace.reclaim(state.file, state.hashSize);
      } finally {
        state.locks.unlockFreeListOfOthers();
      }
    }
  }

  /** Whether the transaction is over, its locks given back. */
  boolean hasEnded() {
    return ended;
  }

  private void end() {
    if (ended) {
      return;
    }
    ended = true;
    state.io = state.file;
    var release = ownsLocks ? unlockData(state) : new ReleaseSequence();
    if (openLocked) {
      openLocked = false;
      release.run(state.locks::unlockOpen);
    }
    release.end();
  }
}
