// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.util.concurrent.locks.LockSupport;
import org.ctdbj.tdb.LockProgress;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.Errno;
import org.ctdbj.tdb.os.ErrnoException;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * Byte-range locks on the file: for files without mutexes, and for the records of those with them.
 */
final class ByteLocks implements DataLocks {
  /**
   * Chain i is guarded by the byte here + 4 * i, in the file's own offsets even behind a mutex
   * area.
   */
  static final long CHAINS = 168;

  /** As often as libtdb 1.4 tries to upgrade. */
  private static final int UPGRADE_ATTEMPTS = 1000;

  private static final long UPGRADE_PAUSE_NANOS = 1000;

  private final NativeFile file;
  private final int hashSize;

  ByteLocks(NativeFile file, int hashSize) {
    this.file = file;
    this.hashSize = hashSize;
  }

  static long chain(int chain) {
    return CHAINS + 4L * chain;
  }

  private long chainBytes() {
    return 4L * hashSize;
  }

  @Override
  public boolean lock(int chain, LockMode mode, boolean holdsChain, boolean wait) {
    return file.lock(mode, chain(chain), 1, wait);
  }

  @Override
  public boolean promote(int chain, boolean wait) {
    return file.lock(LockMode.WRITE, chain(chain), 1, wait);
  }

  @Override
  public void unlock(int chain) {
    file.unlock(chain(chain), 1);
  }

  @Override
  public boolean lockAll(LockMode mode, boolean wait, LockProgress progress) {
    boolean chains =
        wait
            ? lockGradually(mode, CHAINS, chainBytes(), progress)
            : file.lock(mode, CHAINS, chainBytes(), false);
    if (!chains) {
      return false;
    }
    boolean locked = false;
    try {
      locked = lockRecords(mode, wait);
    } finally {
      if (!locked) {
        file.unlock(CHAINS, chainBytes());
      }
    }
    return locked;
  }

  /**
   * All at once if possible, else half by half: under load all chains are hardly ever free at the
   * same moment.
   */
  private boolean lockGradually(LockMode mode, long offset, long length, LockProgress progress) {
    if (file.lock(mode, offset, length, false)) {
      return isToGoOn(offset, length, progress);
    }
    if (length <= 4) {
      file.lock(mode, offset, length, true);
      return isToGoOn(offset, length, progress);
    }
    long half = length / 2;
    if (!lockGradually(mode, offset, half, progress)) {
      return false;
    }
    boolean locked = false;
    try {
      locked = lockGradually(mode, offset + half, length - half, progress);
    } finally {
      if (!locked) {
        file.unlock(offset, half);
      }
    }
    return locked;
  }

  /** Called with everything up to the end of the range locked; unlocks the range if not. */
  private boolean isToGoOn(long offset, long length, LockProgress progress) {
    boolean goOn = false;
    try {
      goOn = progress.chainsLocked((int) ((offset + length - CHAINS) / 4), hashSize);
    } finally {
      if (!goOn) {
        file.unlock(offset, length);
      }
    }
    return goOn;
  }

  @Override
  public void upgradeAll() {
    upgrade(CHAINS);
  }

  @Override
  public void unlockAll() {
    file.unlock(CHAINS, 0);
  }

  /** All bytes behind the chains. */
  boolean lockRecords(LockMode mode, boolean wait) {
    return file.lock(mode, CHAINS + chainBytes(), 0, wait);
  }

  void upgradeRecords() {
    upgrade(CHAINS + chainBytes());
  }

  void unlockRecords() {
    file.unlock(CHAINS + chainBytes(), 0);
  }

  /**
   * Linux finds no deadlock for locks of this kind, but file systems that keep locks on a server
   * may: the other side gives way then.
   */
  private void upgrade(long offset) {
    for (int attempt = 1; ; attempt++) {
      try {
        file.lock(LockMode.WRITE, offset, 0, true);
        return;
      } catch (TdbException e) {
        if (attempt == UPGRADE_ATTEMPTS || ErrnoException.errnoOf(e).orElse(0) != Errno.EDEADLK) {
          throw e;
        }
        LockSupport.parkNanos(UPGRADE_PAUSE_NANOS);
      }
    }
  }
}
