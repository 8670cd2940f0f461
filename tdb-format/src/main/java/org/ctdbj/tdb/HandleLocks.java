// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.nio.file.Path;
import org.ctdbj.tdb.lock.LockTable;
import org.ctdbj.tdb.os.LockMode;

/**
 * The locks of one handle in the words of its parts: what libtdb would refuse to a read-only handle
 * or inside a read traverse is refused before the lock table is asked.
 */
final class HandleLocks {
  private final LockTable table;
  private final Path path;

  /** Set by {@link #abandon}. */
  private boolean lost;

  HandleLocks(LockTable table, Path path) {
    this.table = table;
    this.path = path;
  }

  /**
   * Gives up all locks but the active one, for good: a mapped page was lost, perhaps in the middle
   * of taking or giving back a lock, and nothing that was counted can be believed. From now on
   * every lock is refused, so that nobody goes on under one that is gone; unlocks do nothing.
   */
  void abandon() {
    if (!lost) {
      lost = true;
      table.abandon();
    }
  }

  void requireUsable() {
    if (lost) {
      throw TdbException.of(
          TdbError.IO,
          path,
          "a mapped part of the file could not be accessed before (truncated, or I/O error): this"
              + " handle has given up its locks and can only be closed");
    }
  }

  private LockTable usable() {
    requireUsable();
    return table;
  }

  void lockChain(int chain) {
    usable().lockChain(chain, LockMode.WRITE, true);
  }

  boolean tryLockChain(int chain) {
    return usable().lockChain(chain, LockMode.WRITE, false);
  }

  void unlockChain(int chain) {
    if (!lost) {
      table.unlockChain(chain, LockMode.WRITE);
    }
  }

  void lockChainRead(int chain) {
    usable().lockChain(chain, LockMode.READ, true);
  }

  boolean tryLockChainRead(int chain) {
    return usable().lockChain(chain, LockMode.READ, false);
  }

  void unlockChainRead(int chain) {
    if (!lost) {
      table.unlockChain(chain, LockMode.READ);
    }
  }

  /** See {@link LockTable#covers}. */
  boolean coversChain(int chain, LockMode mode) {
    return table.covers(chain, mode);
  }

  void lockFreeList() {
    usable().lockChain(LockTable.FREE_LIST, LockMode.WRITE, true);
  }

  boolean tryLockFreeList() {
    return usable().lockChain(LockTable.FREE_LIST, LockMode.WRITE, false);
  }

  void unlockFreeList() {
    if (!lost) {
      table.unlockChain(LockTable.FREE_LIST, LockMode.WRITE);
    }
  }

  /** Keeps other holders off the free list, which an allrecord lock does not. */
  void lockFreeListOfOthers() {
    usable().lockFreeListUnderAll();
  }

  void unlockFreeListOfOthers() {
    if (!lost) {
      table.unlockFreeListUnderAll();
    }
  }

  boolean lockAll(LockMode mode, boolean wait) {
    return usable().lockAll(mode, wait);
  }

  /** False if {@code progress} wants no more. */
  boolean lockAll(LockMode mode, LockProgress progress) {
    return usable().lockAll(mode, progress);
  }

  void markChain(int chain) {
    usable().markChain(chain);
  }

  void unmarkChain(int chain) {
    if (!lost) {
      table.unmarkChain(chain);
    }
  }

  void markAll() {
    usable().markAll();
  }

  void unmarkAll() {
    if (!lost) {
      table.unmarkAll();
    }
  }

  void markTransaction() {
    usable().markTransaction();
  }

  void unmarkTransaction() {
    if (!lost) {
      table.unmarkTransaction();
    }
  }

  void unlockAll(LockMode mode) {
    if (!lost) {
      table.unlockAll(mode);
    }
  }

  /**
   * Shared allrecord lock that {@link #upgradeAll} can make exclusive; counts as exclusive inside
   * the handle.
   */
  void lockAllUpgradable() {
    usable().lockAllUpgradable(true);
  }

  void upgradeAll() {
    usable().upgradeAll();
  }

  /** Unlocks all records, however often they are locked. */
  void unlockAllEntirely() {
    if (!lost) {
      table.unlockAllEntirely();
    }
  }

  /** Byte 8: one transaction or write traverse at a time. */
  void lockTransaction() {
    usable().lockTransaction(true);
  }

  boolean tryLockTransaction() {
    return usable().lockTransaction(false);
  }

  void unlockTransaction() {
    if (!lost) {
      table.unlockTransaction();
    }
  }

  /** Byte 0: keeps openers out. */
  void lockOpen() {
    usable().lockOpen();
  }

  void unlockOpen() {
    if (!lost) {
      table.unlockOpen();
    }
  }

  /** Blocking shared lock on a record's first byte: a traverse stands there. */
  void lockRecord(long offset) {
    usable().lockRecord(offset);
  }

  void unlockRecord(long offset) {
    if (!lost) {
      table.unlockRecord(offset);
    }
  }

  /** Undoes {@link #lockRecord} unless an allrecord lock has taken it along. */
  void giveUpRecord(long offset) {
    if (!lost) {
      table.giveUpRecord(offset);
    }
  }

  /** Whether no traverse stands on the record. */
  boolean probeRecord(long offset) {
    return usable().probeRecord(offset);
  }

  /** See {@link LockTable#epoch}. */
  long epoch() {
    return table.epoch();
  }

  boolean holdsAll() {
    return !lost && table.holdsAll();
  }

  boolean holdsAllExclusive() {
    return !lost && table.holdsAllExclusive();
  }

  boolean holdsExtra(boolean inTransaction) {
    return !lost && table.holdsExtra(inTransaction);
  }
}
