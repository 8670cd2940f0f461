// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/**
 * Locks of one handle, in the terms of a TDB file. They nest; a request that the handle's allrecord lock covers costs
 * nothing. Blocking calls block the calling thread; the {@code try} calls return false on contention only.
 */
interface HandleLocks {
  void lockChain(int chain);

  boolean tryLockChain(int chain);

  void unlockChain(int chain);

  void lockChainRead(int chain);

  boolean tryLockChainRead(int chain);

  void unlockChainRead(int chain);

  void lockFreeList();

  boolean tryLockFreeList();

  void unlockFreeList();

  void lockAll();

  boolean tryLockAll();

  void unlockAll();

  void lockAllRead();

  boolean tryLockAllRead();

  void unlockAllRead();

  /** Shared allrecord lock that {@link #upgradeAll} can make exclusive; counts as exclusive inside the handle. */
  void lockAllUpgradable();

  void upgradeAll();

  void unlockAllUpgradable();

  /** Byte 8: one transaction or write traverse at a time. */
  void lockTransaction();

  boolean tryLockTransaction();

  void unlockTransaction();

  /** Byte 0: keeps openers out. */
  void lockOpen();

  void unlockOpen();

  /** Blocking shared lock on a record's first byte: a traverse stands there. */
  void lockRecord(long offset);

  void unlockRecord(long offset);

  /** Whether no traverse of another handle stands on the record. */
  boolean probeRecord(long offset);

  boolean holdsAll();

  boolean holdsAllExclusive();

  /** Whether the handle holds any lock besides the active lock and, inside a transaction, its own. */
  boolean holdsExtra();
}
