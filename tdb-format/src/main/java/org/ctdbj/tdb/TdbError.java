// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/**
 * The kinds of failure libtdb 1.4 distinguishes; {@link #code} is the value of its {@code enum
 * TDB_ERROR}.
 */
public enum TdbError {
  SUCCESS(0),
  /** The file's bytes contradict each other. */
  CORRUPT(1),
  /** The file could not be read, written, mapped or grown. */
  IO(2),
  /** A lock was not obtained. For the {@code try} calls this is contention. */
  LOCK(3),
  /** No memory, or the file has reached the size limit of the format. */
  OOM(4),
  EXISTS(5),
  NOLOCK(6),
  LOCK_TIMEOUT(7),
  NOEXIST(8),
  EINVAL(9),
  /** A write on a read-only handle, or inside a read traverse. */
  RDONLY(10),
  /** A transaction inside a transaction on a handle that does not nest. */
  NESTING(11);

  private final int code;

  TdbError(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
