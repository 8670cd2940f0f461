// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.nio.file.Path;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;

/** How often and how one handle holds the allrecord lock: the rules of nesting, without locking. */
final class AllRecordLock {
  private final Path path;
  private LockMode mode;
  private int count;
  private boolean upgradable;
  private long takings;

  /** Held by somebody else for this handle: nothing is to be unlocked. */
  private boolean marked;

  AllRecordLock(Path path) {
    this.path = path;
  }

  private TdbException refused(String what) {
    return TdbException.of(TdbError.LOCK, path, what);
  }

  boolean isHeld() {
    return count != 0;
  }

  /** Whether it is held by this handle itself, not only marked. */
  boolean isLocked() {
    return count != 0 && !marked;
  }

  /** Whether writes of this handle are covered; an upgradable lock counts. */
  boolean isExclusive() {
    return count != 0 && mode == LockMode.WRITE;
  }

  /** Whether it is held and in a mode that allows what {@code wanted} does. */
  boolean covers(LockMode wanted) {
    return count != 0 && mode.covers(wanted);
  }

  void requireCovered(LockMode wanted) {
    if (!mode.covers(wanted)) {
      throw refused("cannot lock a chain for writing under a shared allrecord lock");
    }
  }

  /** Counts up if it is held in the same way, or refuses; false if it is not held. */
  boolean nest(LockMode wanted, boolean wantedUpgradable) {
    if (count == 0) {
      return false;
    }
    if (wantedUpgradable || mode != wanted) {
      throw refused("cannot nest another kind of allrecord lock: this handle holds one");
    }
    count++;
    return true;
  }

  /** It has just been taken, or marked. */
  void taken(LockMode takenMode, boolean asUpgradable, boolean asMarked) {
    mode = asUpgradable ? LockMode.WRITE : takenMode;
    upgradable = asUpgradable;
    marked = asMarked;
    count = 1;
    takings++;
  }

  /** How often it has been taken or marked, not counting nested times. */
  long takings() {
    return takings;
  }

  void upgrade(DataLocks data) {
    if (count != 1 || !upgradable) {
      throw refused("there is no upgradable allrecord lock, or it is nested " + count + " deep");
    }
    data.upgradeAll();
    upgradable = false;
  }

  /** Counts down; at 0 it is unlocked. */
  void unlock(LockMode unlocked, DataLocks data) {
    requireHeld(unlocked);
    if (count == 1) {
      release(data);
    }
    count--;
  }

  /** Unlocks it, whatever the count; after a failure it is held as before. */
  void unlockEntirely(DataLocks data) {
    requireHeld(LockMode.WRITE);
    release(data);
    count = 0;
  }

  /** Counts down; the last one must have been marked. */
  void unmark() {
    requireHeld(LockMode.WRITE);
    if (count == 1 && !marked) {
      throw refused("the allrecord lock is held by this handle itself, not marked: unlock it");
    }
    count--;
  }

  private void requireHeld(LockMode unlocked) {
    if (count == 0) {
      throw refused("the allrecord lock is not held by this handle");
    }
    if (mode != unlocked && !(upgradable && unlocked == LockMode.READ)) {
      throw refused("the allrecord lock held by this handle has another mode");
    }
  }

  private void release(DataLocks data) {
    if (!marked) {
      data.unlockAll();
    }
    upgradable = false;
  }

  /** Somebody else gives it back. */
  void forget() {
    count = 0;
    upgradable = false;
  }

  /** Gives it up, however often it is held. */
  void giveUp(ReleaseSequence release, DataLocks data) {
    if (count != 0) {
      count = 0;
      release.run(() -> release(data));
    }
  }
}
