// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/** The locks of chains and of the free list that one handle holds one by one. */
final class ChainLocks extends NestedLocks {
  private static final long FREE_LIST = ByteLocks.chain(LockTable.FREE_LIST);

  private final DataLocks data;

  ChainLocks(NativeFile file, DataLocks data) {
    super(file);
    this.data = data;
  }

  private static int chain(long offset) {
    return (int) ((offset - ByteLocks.CHAINS) / 4);
  }

  @Override
  boolean take(long offset, LockMode mode, boolean isHeld, boolean wait) {
    return isHeld
        ? data.promote(chain(offset), wait)
        : DataLocks.lockFast(data, chain(offset), mode, holdsChain(), wait);
  }

  private boolean holdsChain() {
    return !held.isEmpty() && held.size() > (holds(FREE_LIST) ? 1 : 0);
  }

  @Override
  void give(long offset) {
    DataLocks.unlockFast(data, chain(offset));
  }

  @Override
  String name(long offset) {
    return offset == FREE_LIST ? "the free list" : "chain " + chain(offset);
  }

  boolean isEmpty() {
    return held.isEmpty();
  }

  void giveUpAll(ReleaseSequence release) {
    giveUpAllBut(-1, release);
  }
}
