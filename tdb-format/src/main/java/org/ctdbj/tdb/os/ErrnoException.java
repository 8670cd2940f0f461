// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;

/**
 * A system call that failed. It is the cause of the {@link TdbException} which callers of this
 * package get.
 */
public final class ErrnoException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int errno;
  private final String operation;
  private final long offset;

  private ErrnoException(int errno, String operation, long offset) {
    super(operation + (offset < 0 ? "" : " at byte " + offset) + ": " + Errno.describe(errno));
    this.errno = errno;
    this.operation = operation;
    this.offset = offset;
  }

  /**
   * A failure to throw.
   *
   * @param offset place in the file (not a logical TDB offset), or -1
   */
  static TdbException failure(TdbError error, Path path, int errno, String operation, long offset) {
    var cause = new ErrnoException(errno, operation, offset);
    return TdbException.of(error, path, cause.getMessage(), cause);
  }

  /** The error number behind {@code failure}; empty if it did not come from a system call. */
  public static OptionalInt errnoOf(TdbException failure) {
    return failure.getCause() instanceof ErrnoException e
        ? OptionalInt.of(e.errno)
        : OptionalInt.empty();
  }

  /**
   * Whether {@code failure} means that there is no room: the disk or a quota is full, or the file
   * has the largest size that the format allows. The file is as it was before, and the same call
   * may succeed later.
   */
  public static boolean isNoRoom(TdbException failure) {
    OptionalInt errno = errnoOf(failure);
    return errno.isPresent()
        ? errno.getAsInt() == Errno.ENOSPC || errno.getAsInt() == Errno.EDQUOT
        : failure.error() == TdbError.OOM;
  }

  public int errno() {
    return errno;
  }

  /** The system call. */
  public String operation() {
    return operation;
  }

  /** Place in the file, -1 if the call has none. */
  public long offset() {
    return offset;
  }
}
