// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Bytes of a TDB file by logical offset: the mapped file, or a transaction's overlay over it.
 * Integers are converted from and to the byte order of the file. An access outside the file is a
 * {@link TdbError#IO} failure, after the size of the file has been looked up again (others may have
 * grown it).
 */
interface TdbIo {
  Path path();

  /** Whether integers of this file are in the other byte order than this machine's. */
  boolean convert();

  /** Logical size as last seen. */
  long size();

  /** Looks the size of the file up and follows it. */
  void refresh();

  /**
   * Whether {@code [offset, offset + length)} is inside the file; looks the size up only if it
   * seems not.
   */
  boolean inBounds(long offset, long length);

  int readInt(long offset);

  void writeInt(long offset, int value);

  /** Fills {@code header} without judging it. */
  void readHeader(long offset, RecordHeader header);

  void writeHeader(long offset, RecordHeader header);

  void read(long offset, byte[] to, int at, int length);

  /**
   * A copy of the bytes.
   *
   * @throws TdbException {@link TdbError#OOM} if they are more than an array can have
   */
  default byte[] readBytes(long offset, long length) {
    if (length > Integer.MAX_VALUE - 8) {
      throw TdbException.of(
          TdbError.OOM,
          path(),
          length + " bytes at offset " + offset + " do not fit an array: only parse can show them");
    }
    var bytes = new byte[(int) length];
    read(offset, bytes, 0, bytes.length);
    return bytes;
  }

  void write(long offset, MemorySegment from, long at, long length);

  /** Whether the bytes at {@code offset} are {@code bytes}. */
  boolean matches(long offset, MemorySegment bytes, long at, long length);

  boolean matches(long offset, byte[] bytes);

  /** The bytes as a read-only segment, valid until the next call on the same handle. */
  MemorySegment view(long offset, long length);

  /** Appends {@code addition} zero bytes; {@code size} is the size the caller saw last. */
  void grow(long size, long addition);

  /** Adds one to the sequence number in the header. */
  void addToSequenceNumber();

  int sequenceNumber();
}
