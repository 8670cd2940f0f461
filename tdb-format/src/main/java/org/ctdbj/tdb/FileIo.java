// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/** The file itself, not a transaction's overlay over it. */
interface FileIo extends TdbIo {
  int pageSize();

  /** Waits until {@code [offset, offset + length)} and the size of the file are on the disk. */
  void sync(long offset, long length);

  /** Sets the modification time, so that backup programs see what was written by mapping. */
  void touch();

  /**
   * Has {@code observer} called when a sync is done. At these moments a crash leaves the file in a
   * known state.
   */
  void observeSyncs(Runnable observer);

  /** Gives up what this holds in memory; the file stays open. */
  void close();
}
