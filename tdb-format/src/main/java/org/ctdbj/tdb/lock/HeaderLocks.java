// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/** The bytes in front of the data that stand for the open, the active and the transaction lock. */
final class HeaderLocks extends NestedLocks {
  static final long OPEN = 0;
  static final long ACTIVE = 4;
  static final long TRANSACTION = 8;

  private final boolean noLock;

  /**
   * @param noLock every request succeeds and nothing is locked or counted (flag NOLOCK)
   */
  HeaderLocks(NativeFile file, boolean noLock) {
    super(file);
    this.noLock = noLock;
  }

  @Override
  boolean lock(long offset, LockMode mode, boolean wait) {
    return noLock || super.lock(offset, mode, wait);
  }

  @Override
  void unlock(long offset) {
    if (!noLock) {
      super.unlock(offset);
    }
  }

  @Override
  void mark(long offset) {
    if (!noLock) {
      super.mark(offset);
    }
  }

  @Override
  void unmark(long offset) {
    if (!noLock) {
      super.unmark(offset);
    }
  }

  @Override
  boolean take(long offset, LockMode mode, boolean isHeld, boolean wait) {
    return file.lock(mode, offset, 1, wait);
  }

  @Override
  void give(long offset) {
    file.unlock(offset, 1);
  }

  @Override
  String name(long offset) {
    return offset == OPEN
        ? "the open lock"
        : offset == ACTIVE ? "the active lock" : "the transaction lock";
  }

  /** Whether anything but the active lock and, in a transaction, its own lock is held. */
  boolean holdsExtra(boolean inTransaction) {
    int extra = held.size();
    extra -= holds(ACTIVE) ? 1 : 0;
    extra -= inTransaction && holds(TRANSACTION) ? 1 : 0;
    return extra > 0;
  }
}
