// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/** Is told how far a call on a whole database is; see {@link Tdb#onProgress}. */
@FunctionalInterface
public interface WorkProgress {
  /**
   * Called by the working thread, for about every record: must be quick and must not use the
   * handle.
   *
   * @param done from 0 to {@code total}, never less than before within one pass
   * @param total more than 0; what it counts (bytes, records) is not said
   */
  void at(long done, long total);
}
