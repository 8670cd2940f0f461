// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.util.function.Supplier;
import org.ctdbj.tdb.os.LockMode;

/** Calls on all records at once, under the allrecord lock. */
final class WholeDatabase {
  private final TdbState state;
  private final RecordStore store;

  WholeDatabase(TdbState state, RecordStore store) {
    this.state = state;
    this.store = store;
  }

  /** False only without {@code wait}. */
  boolean lock(LockMode mode, boolean wait) {
    requireLockable();
    return state.locks.lockAll(mode, wait);
  }

  /** False if {@code progress} wants no more. */
  boolean lock(LockMode mode, LockProgress progress) {
    requireLockable();
    return state.locks.lockAll(mode, progress);
  }

  void mark() {
    requireLockable();
    state.locks.markAll();
  }

  private void requireLockable() {
    if (state.readOnly) {
      throw TdbException.of(
          TdbError.LOCK, state.path, "is open read-only and cannot be locked as a whole");
    }
    if (state.readTraverses > 0) {
      throw TdbException.of(
          TdbError.LOCK, state.path, "cannot be locked as a whole inside a read traverse");
    }
  }

  void unlock(LockMode mode) {
    state.locks.unlockAll(mode);
  }

  void wipe() {
    state.requireNoBulkLoad();
    lock(LockMode.WRITE, true);
    try {
      store.wipe();
    } finally {
      unlock(LockMode.WRITE);
    }
  }

  CheckReport check() {
    // The header of a record is read along the file and again in its list.
    return readLocked(() -> metered(2, () -> new FileChecker(state).check()));
  }

  FileInfo info() {
    return readLocked(() -> metered(1, () -> FileInfo.of(state)));
  }

  Statistics statistics() {
    return readLocked(() -> metered(2, () -> Statistics.of(state)));
  }

  long rescue(RecordVisitor visitor) {
    return readLocked(
        () -> {
          state.readTraverses++;
          try {
            return Rescue.run(state, visitor);
          } finally {
            state.readTraverses--;
          }
        });
  }

  private <R> R metered(int passes, Supplier<R> walk) {
    if (state.progress == null) {
      return walk.get();
    }
    var io = state.io;
    state.io = new MeteredIo(io, passes, state.progress);
    try {
      return walk.get();
    } finally {
      state.io = io;
    }
  }

  private <R> R readLocked(Supplier<R> call) {
    if (state.readOnly || state.locks.holdsAll()) {
      return call.get();
    }
    state.locks.lockAll(LockMode.READ, true);
    try {
      return call.get();
    } finally {
      unlock(LockMode.READ);
    }
  }
}
