// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.LockProgress;
import org.ctdbj.tdb.os.LockMode;

/**
 * How the locks of chains, of the free list and of all records of a file are taken from the system,
 * without counting and without judging whether the handle may. Without {@code wait}, false means
 * that another holder is in the way; with it the calls return true or throw. Nothing has changed
 * after false or an exception.
 */
sealed interface DataLocks permits ByteLocks, MutexLocks, NoLocks {
  /**
   * Locks a chain or the free list.
   *
   * @param holdsChain whether this handle holds another chain already
   */
  boolean lock(int chain, LockMode mode, boolean holdsChain, boolean wait);

  /** Makes the shared lock of a chain exclusive. */
  boolean promote(int chain, boolean wait);

  void unlock(int chain);

  /** Hears of all progress and wants to go on. */
  LockProgress GO_ON = (locked, total) -> true;

  /**
   * Locks all chains and all records.
   *
   * @param progress told whenever more chains are locked, if there is {@code wait}
   * @return false also if {@code progress} wants no more
   */
  boolean lockAll(LockMode mode, boolean wait, LockProgress progress);

  /** Makes the shared lock of all chains and records exclusive; waits. */
  void upgradeAll();

  void unlockAll();

  /**
   * Gives back what is held apart from byte locks, without believing what has been counted. The
   * calling thread is the one that has locked.
   */
  default void abandon() {}

  /**
   * {@link #lock} for the hot path. The kind that is most in a hurry is asked by name: in a JVM
   * with files of all kinds the compiler can put only that into the caller.
   */
  static boolean lockFast(
      DataLocks locks, int chain, LockMode mode, boolean holdsChain, boolean wait) {
    return locks instanceof MutexLocks mutexes
        ? mutexes.lock(chain, mode, holdsChain, wait)
        : locks.lock(chain, mode, holdsChain, wait);
  }

  /** {@link #unlock} for the hot path. */
  static void unlockFast(DataLocks locks, int chain) {
    if (locks instanceof MutexLocks mutexes) {
      mutexes.unlock(chain);
    } else {
      locks.unlock(chain);
    }
  }
}
