// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.LockProgress;
import org.ctdbj.tdb.os.LockMode;

/** For files with mutexes: they guard chains and free list, and byte locks the records. */
final class MutexLocks implements DataLocks {
  private final MutexArea area;
  private final ByteLocks bytes;

  MutexLocks(MutexArea area, ByteLocks bytes) {
    this.area = area;
    this.bytes = bytes;
  }

  @Override
  public boolean lock(int chain, LockMode mode, boolean holdsChain, boolean wait) {
    return chain == LockTable.FREE_LIST
        ? area.lockFreeList(wait)
        : area.lockChain(chain, mode, holdsChain, wait);
  }

  /** A mutex is exclusive already. */
  @Override
  public boolean promote(int chain, boolean wait) {
    return true;
  }

  @Override
  public void unlock(int chain) {
    if (chain == LockTable.FREE_LIST) {
      area.unlockFreeList();
    } else {
      area.unlockChain(chain);
    }
  }

  @Override
  public boolean lockAll(LockMode mode, boolean wait, LockProgress progress) {
    if (!area.lockAll(mode, wait, progress)) {
      return false;
    }
    boolean locked = false;
    try {
      locked = bytes.lockRecords(mode, wait);
    } finally {
      if (!locked) {
        area.unlockAll();
      }
    }
    return locked;
  }

  @Override
  public void upgradeAll() {
    area.upgradeAll();
    boolean upgraded = false;
    try {
      bytes.upgradeRecords();
      upgraded = true;
    } finally {
      if (!upgraded) {
        area.downgradeAll();
      }
    }
  }

  @Override
  public void unlockAll() {
    area.unlockAll();
    bytes.unlockRecords();
  }

  @Override
  public void abandon() {
    area.abandon();
  }
}
