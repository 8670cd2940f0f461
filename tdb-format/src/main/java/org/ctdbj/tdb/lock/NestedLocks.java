// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * Locks of one handle on single places of the file, counted: only the first one and the last unlock
 * of a place reach the system. A marked lock is one that another process holds for this handle; it
 * counts like any other.
 */
abstract class NestedLocks {
  final NativeFile file;
  final HeldLocks held = new HeldLocks();

  private long takings;

  NestedLocks(NativeFile file) {
    this.file = file;
  }

  /** Takes the lock on a place that is not held, or not in that mode. */
  abstract boolean take(long offset, LockMode mode, boolean isHeld, boolean wait);

  abstract void give(long offset);

  /** How often a place that was not held has been locked or marked. */
  final long takings() {
    return takings;
  }

  /** The place, for messages. */
  abstract String name(long offset);

  private TdbException refused(String what) {
    return TdbException.of(TdbError.LOCK, file.path(), what);
  }

  /** False if another holder is in the way, never with {@code wait}. */
  boolean lock(long offset, LockMode mode, boolean wait) {
    int i = held.find(offset);
    if (i < 0) {
      if (!take(offset, mode, false, wait)) {
        return false;
      }
      held.add(offset, mode);
      takings++;
      return true;
    }
    if (!held.mode(i).covers(mode) && !take(offset, mode, true, wait)) {
      return false;
    }
    held.increment(i, mode);
    return true;
  }

  /** Whether the place is locked or marked, in a mode that allows what {@code mode} does. */
  final boolean covers(long offset, LockMode mode) {
    int i = held.find(offset);
    return i >= 0 && held.mode(i).covers(mode);
  }

  void unlock(long offset) {
    int i = held.find(offset);
    if (i < 0) {
      throw refused(name(offset) + " is not locked by this handle");
    }
    if (held.isLast(i)) {
      give(offset);
    }
    held.decrement(i);
  }

  void mark(long offset) {
    held.mark(offset);
    takings++;
  }

  /** Undoes one {@link #mark}; the last one must be of a marked lock. */
  void unmark(long offset) {
    int i = held.find(offset);
    if (i < 0) {
      throw refused(name(offset) + " is not marked");
    }
    if (held.isLast(i)) {
      throw refused(name(offset) + " is locked by this handle itself, not marked: unlock it");
    }
    held.decrement(i);
  }

  boolean holds(long offset) {
    return held.find(offset) >= 0;
  }

  /** Gives up all but {@code kept}, whatever the counts. */
  void giveUpAllBut(long kept, ReleaseSequence release) {
    for (int i = held.size() - 1; i >= 0; i--) {
      long offset = held.offset(i);
      if (offset != kept) {
        boolean marked = held.isMarked(i);
        held.remove(i);
        if (!marked) {
          release.run(() -> give(offset));
        }
      }
    }
  }
}
