// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;

/**
 * A part of a file in memory, shared with every process that maps it.
 *
 * <p>For one thread at a time, but not bound to one thread. It outlives the closing of its file. A
 * mapping does not extend the file: bytes of it that the file does not have (because another
 * process cut it) must not be touched; most accesses from Java give an {@link InternalError} then,
 * native ones kill the process.
 */
public final class Mapping implements AutoCloseable {
  private final NativeFile file;
  private final Path path;
  private final long fileOffset;
  private final boolean writable;
  private Arena arena;
  private MemorySegment segment;

  private Mapping(NativeFile file, long fileOffset, boolean writable) {
    this.file = file;
    this.path = file.path();
    this.fileOffset = fileOffset;
    this.writable = writable;
  }

  /**
   * Maps a part of a file, for writing too if the file is open for that.
   *
   * @param fileOffset where it begins, a multiple of {@link NativeFile#pageSize}
   * @param length bytes, more than 0
   * @throws TdbException {@link TdbError#IO} if the system refuses
   */
  public static Mapping map(NativeFile file, long fileOffset, long length) {
    if (fileOffset < 0 || fileOffset % Libc.pageSize() != 0) {
      throw new IllegalArgumentException(
          "a mapping cannot begin at byte " + fileOffset + ": not a multiple of the page size");
    }
    var mapping = new Mapping(file, fileOffset, file.isWritable());
    mapping.mapAnew(length);
    return mapping;
  }

  // The arena lives until the next remap or close.
  @SuppressWarnings("MustBeClosedChecker")
  private void mapAnew(long length) {
    if (length <= 0) {
      throw new IllegalArgumentException("cannot map " + length + " bytes");
    }
    long address = Libc.mmap(file.callState(), file.descriptor(), fileOffset, length, writable);
    // Addresses of user space are positive; the failures are -errno.
    if (address < 0) {
      throw ErrnoException.failure(
          TdbError.IO, path, (int) -address, "mmap of " + length + " bytes", fileOffset);
    }
    var newArena = Arena.ofShared();
    var newSegment = Libc.mapped(address, length, newArena);
    var oldArena = arena;
    arena = newArena;
    segment = writable ? newSegment : newSegment.asReadOnly();
    if (oldArena != null) {
      oldArena.close();
    }
  }

  /**
   * The memory. Valid until {@link #remap} or {@link #close}; later uses throw {@link
   * IllegalStateException}. Read-only if the file is.
   */
  public MemorySegment segment() {
    if (segment == null) {
      throw new IllegalStateException("the mapping of " + path + " has been closed");
    }
    return segment;
  }

  /** Bytes mapped. */
  public long length() {
    return segment().byteSize();
  }

  /**
   * Maps {@code newLength} bytes instead, at an address that may be another one. If that fails the
   * old mapping stays as it is.
   */
  public void remap(long newLength) {
    segment();
    mapAnew(newLength);
  }

  /**
   * Brings a range of the mapping to the disk and waits for that ({@code msync} with {@code
   * MS_SYNC}).
   *
   * @param offset bytes from the start of the mapping
   */
  public void sync(long offset, long length) {
    var mapped = segment();
    Objects.checkFromIndexSize(offset, length, mapped.byteSize());
    if (length == 0) {
      return;
    }
    long start = offset - offset % Libc.pageSize();
    var range = mapped.asSlice(start, offset + length - start);
    int r;
    do {
      r = Libc.msync(file.callState(), range);
    } while (r == -Errno.EINTR);
    if (r < 0) {
      throw ErrnoException.failure(TdbError.IO, path, -r, "msync", fileOffset + offset);
    }
  }

  /** Removes the mapping; does nothing the second time. */
  @Override
  public void close() {
    if (segment != null) {
      segment = null;
      arena.close();
    }
  }
}
