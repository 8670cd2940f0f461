// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

/**
 * What the owner of a {@link LockTable} knows about interrupted commits. The table asks as libtdb
 * does: after a handle's first chain lock and after an allrecord lock.
 */
public interface PendingRecovery {
  /** Whether the file has valid recovery data. Called while the lock that was asked for is held. */
  boolean isNeeded();

  /**
   * Rolls the interrupted commit back. Called while the handle holds the whole data, the open lock
   * and the free list exclusively, except if it locks nothing at all (flag NOLOCK); must take no
   * lock.
   */
  void recover();
}
