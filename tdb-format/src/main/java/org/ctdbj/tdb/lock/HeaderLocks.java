// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/** The bytes in front of the data that stand for the open, the active and the transaction lock. */
final class HeaderLocks extends NestedLocks {
  static final long OPEN = 0;
  static final long ACTIVE = 4;
  static final long TRANSACTION = 8;

  HeaderLocks(NativeFile file) {
    super(file);
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
