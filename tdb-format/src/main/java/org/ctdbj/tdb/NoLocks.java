// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/** The locks of a handle opened with NOLOCK or read-only: every request succeeds. */
final class NoLocks implements HandleLocks {
  private int all;
  private int allRead;

  @Override
  public void lockChain(int chain) {}

  @Override
  public boolean tryLockChain(int chain) {
    return true;
  }

  @Override
  public void unlockChain(int chain) {}

  @Override
  public void lockChainRead(int chain) {}

  @Override
  public boolean tryLockChainRead(int chain) {
    return true;
  }

  @Override
  public void unlockChainRead(int chain) {}

  @Override
  public void lockFreeList() {}

  @Override
  public boolean tryLockFreeList() {
    return true;
  }

  @Override
  public void unlockFreeList() {}

  @Override
  public void lockAll() {
    all++;
  }

  @Override
  public boolean tryLockAll() {
    all++;
    return true;
  }

  @Override
  public void unlockAll() {
    all--;
  }

  @Override
  public void lockAllRead() {
    allRead++;
  }

  @Override
  public boolean tryLockAllRead() {
    allRead++;
    return true;
  }

  @Override
  public void unlockAllRead() {
    allRead--;
  }

  @Override
  public void lockAllUpgradable() {
    all++;
  }

  @Override
  public void upgradeAll() {}

  @Override
  public void unlockAllUpgradable() {
    all--;
  }

  @Override
  public void lockTransaction() {}

  @Override
  public boolean tryLockTransaction() {
    return true;
  }

  @Override
  public void unlockTransaction() {}

  @Override
  public void lockOpen() {}

  @Override
  public void unlockOpen() {}

  @Override
  public void lockRecord(long offset) {}

  @Override
  public void unlockRecord(long offset) {}

  @Override
  public boolean probeRecord(long offset) {
    return true;
  }

  @Override
  public boolean holdsAll() {
    return all + allRead > 0;
  }

  @Override
  public boolean holdsAllExclusive() {
    return all > 0;
  }

  @Override
  public boolean holdsExtra() {
    return false;
  }
}
