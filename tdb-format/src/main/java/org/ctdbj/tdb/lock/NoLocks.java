// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.LockProgress;
import org.ctdbj.tdb.os.LockMode;

/** For handles with flag NOLOCK: everything succeeds and excludes nobody. */
record NoLocks() implements DataLocks {
  @Override
  public boolean lock(int chain, LockMode mode, boolean holdsChain, boolean wait) {
    return true;
  }

  @Override
  public boolean promote(int chain, boolean wait) {
    return true;
  }

  @Override
  public void unlock(int chain) {}

  @Override
  public boolean lockAll(LockMode mode, boolean wait, LockProgress progress) {
    return true;
  }

  @Override
  public void upgradeAll() {}

  @Override
  public void unlockAll() {}
}
