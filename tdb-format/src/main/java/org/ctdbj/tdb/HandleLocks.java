// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import org.ctdbj.tdb.lock.LockTable;
import org.ctdbj.tdb.os.LockMode;

/**
 * The locks of one handle in the words of its parts: what libtdb would refuse to a read-only handle
 * or inside a read traverse is refused before the lock table is asked.
 */
final class HandleLocks {
  private final LockTable table;

  HandleLocks(LockTable table) {
    this.table = table;
  }

  void lockChain(int chain) {
    table.lockChain(chain, LockMode.WRITE, true);
  }

  boolean tryLockChain(int chain) {
    return table.lockChain(chain, LockMode.WRITE, false);
  }

  void unlockChain(int chain) {
    table.unlockChain(chain, LockMode.WRITE);
  }

  void lockChainRead(int chain) {
    table.lockChain(chain, LockMode.READ, true);
  }

  boolean tryLockChainRead(int chain) {
    return table.lockChain(chain, LockMode.READ, false);
  }

  void unlockChainRead(int chain) {
    table.unlockChain(chain, LockMode.READ);
  }

  /** See {@link LockTable#covers}. */
  boolean coversChain(int chain, LockMode mode) {
    return table.covers(chain, mode);
  }

  void lockFreeList() {
    table.lockChain(LockTable.FREE_LIST, LockMode.WRITE, true);
  }

  boolean tryLockFreeList() {
    return table.lockChain(LockTable.FREE_LIST, LockMode.WRITE, false);
  }

  void unlockFreeList() {
    table.unlockChain(LockTable.FREE_LIST, LockMode.WRITE);
  }

  /** Keeps other holders off the free list, which an allrecord lock does not. */
  void lockFreeListOfOthers() {
    table.lockFreeListUnderAll();
  }

  void unlockFreeListOfOthers() {
    table.unlockFreeListUnderAll();
  }

  boolean lockAll(LockMode mode, boolean wait) {
    return table.lockAll(mode, wait);
  }

  /** False if {@code progress} wants no more. */
  boolean lockAll(LockMode mode, LockProgress progress) {
    return table.lockAll(mode, progress);
  }

  void markChain(int chain) {
    table.markChain(chain);
  }

  void unmarkChain(int chain) {
    table.unmarkChain(chain);
  }

  void markAll() {
    table.markAll();
  }

  void unmarkAll() {
    table.unmarkAll();
  }

  void markTransaction() {
    table.markTransaction();
  }

  void unmarkTransaction() {
    table.unmarkTransaction();
  }

  void unlockAll(LockMode mode) {
    table.unlockAll(mode);
  }

  /**
   * Shared allrecord lock that {@link #upgradeAll} can make exclusive; counts as exclusive inside
   * the handle.
   */
  void lockAllUpgradable() {
    table.lockAllUpgradable(true);
  }

  void upgradeAll() {
    table.upgradeAll();
  }

  /** Unlocks all records, however often they are locked. */
  void unlockAllEntirely() {
    table.unlockAllEntirely();
  }

  /** Byte 8: one transaction or write traverse at a time. */
  void lockTransaction() {
    table.lockTransaction(true);
  }

  boolean tryLockTransaction() {
    return table.lockTransaction(false);
  }

  void unlockTransaction() {
    table.unlockTransaction();
  }

  /** Byte 0: keeps openers out. */
  void lockOpen() {
    table.lockOpen();
  }

  void unlockOpen() {
    table.unlockOpen();
  }

  /** Blocking shared lock on a record's first byte: a traverse stands there. */
  void lockRecord(long offset) {
    table.lockRecord(offset);
  }

  void unlockRecord(long offset) {
    table.unlockRecord(offset);
  }

  /** Undoes {@link #lockRecord} unless an allrecord lock has taken it along. */
  void giveUpRecord(long offset) {
    table.giveUpRecord(offset);
  }

  /** Whether no traverse stands on the record. */
  boolean probeRecord(long offset) {
    return table.probeRecord(offset);
  }

  /** See {@link LockTable#epoch}. */
  long epoch() {
    return table.epoch();
  }

  boolean holdsAll() {
    return table.holdsAll();
  }

  boolean holdsAllExclusive() {
    return table.holdsAllExclusive();
  }

  boolean holdsExtra(boolean inTransaction) {
    return table.holdsExtra(inTransaction);
  }
}
