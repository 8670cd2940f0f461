// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * The exclusive byte lock on everything from the first chain to the end of the file, which creation
 * and recovery take, also where chains have mutexes. Not counted.
 */
final class WholeData {
  private static final long FREE_LIST = ByteLocks.chain(LockTable.FREE_LIST);

  private final NativeFile file;
  private final boolean noLock;

  WholeData(NativeFile file, boolean noLock) {
    this.file = file;
    this.noLock = noLock;
  }

  /** Waits. */
  void lock() {
    if (!noLock) {
      file.lock(LockMode.WRITE, ByteLocks.CHAINS, 0, true);
    }
  }

  /**
   * Takes the byte of the free list too; false if another holder is in chains or records. The free
   * list is waited for: who holds that alone, walking it, waits for nobody.
   */
  boolean tryLockWithFreeList() {
    if (noLock) {
      return true;
    }
    if (!file.lock(LockMode.WRITE, ByteLocks.CHAINS, 0, false)) {
      return false;
    }
    boolean locked = false;
    try {
      locked = file.lock(LockMode.WRITE, FREE_LIST, 1, true);
    } finally {
      if (!locked) {
        file.unlock(ByteLocks.CHAINS, 0);
      }
    }
    return locked;
  }

  void unlock() {
    if (!noLock) {
      file.unlock(ByteLocks.CHAINS, 0);
    }
  }

  void unlockWithFreeList() {
    if (!noLock) {
      file.unlock(FREE_LIST, 0);
    }
  }

  /**
   * Has an interrupted commit rolled back, if it still is to be. In the order of a commit, which
   * holds the data before it takes the open lock. The free list, which others walk without any
   * other lock, comes last: its holders wait for nobody.
   */
  void recover(LockTable table, DataLocks data, RecordLocks records, PendingRecovery recovery) {
    lock();
    new ReleaseSequence()
        .run(() -> recoverLocked(table, data, recovery))
        .run(this::unlock)
        .run(records::restore)
        .end();
  }

  private static void recoverLocked(LockTable table, DataLocks data, PendingRecovery recovery) {
    table.lockOpen();
    try {
      if (recovery.isNeeded()) {
        data.lock(LockTable.FREE_LIST, LockMode.WRITE, false, true);
        try {
          recovery.recover();
        } finally {
          data.unlock(LockTable.FREE_LIST);
        }
      }
    } finally {
      table.unlockOpen();
    }
  }
}
