// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.nio.file.Path;

/**
 * A failed call on a TDB file. The message names the file, the offset where it matters, what was
 * expected and what was found; the parts are also available one by one for programs that report
 * them in their own form.
 */
public final class TdbException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final TdbError error;
  private final transient Path file;
  private final long offset;
  private final String expected;
  private final String found;

  private TdbException(
      TdbError error,
      String message,
      Path file,
      long offset,
      String expected,
      String found,
      Throwable cause) {
    super(message, cause);
    this.error = error;
    this.file = file;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }

  /** A failure that belongs to no place in the file. */
  public static TdbException of(TdbError error, Path file, String what) {
    return new TdbException(error, file + ": " + what, file, -1, "", "", null);
  }

  /** Like {@link #of(TdbError, Path, String)}, with the failure underneath. */
  public static TdbException of(TdbError error, Path file, String what, Throwable cause) {
    return new TdbException(error, file + ": " + what, file, -1, "", "", cause);
  }

  /**
   * Bytes that are not what the format allows there.
   *
   * @param offset logical offset (from the TDB header, which is not the start of the file if a
   *     mutex area precedes it)
   */
  public static TdbException at(
      TdbError error, Path file, long offset, String expected, String found) {
    var message = file + ": at offset " + offset + ": expected " + expected + ", found " + found;
    return new TdbException(error, message, file, offset, expected, found, null);
  }

  public TdbError error() {
    return error;
  }

  /** The file, or null after the exception has been serialised. */
  public Path file() {
    return file;
  }

  /** Logical offset of the bytes at fault, -1 if the failure belongs to no place in the file. */
  public long offset() {
    return offset;
  }

  /** What the format demands at {@link #offset}; empty if there is no offset. */
  public String expected() {
    return expected;
  }

  /** What stands at {@link #offset}; empty if there is no offset. */
  public String found() {
    return found;
  }
}
