// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAX_SIZE;
import static org.ctdbj.tdb.TdbLayout.OFF_SEQUENCE_NUMBER;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * The data part of a TDB file through system calls, for handles that must not map it (flag NOMMAP).
 * Others may map the same file at the same time.
 */
final class PositionedIo implements FileIo {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final int CHUNK = 8192;

  private final NativeFile file;
  private final long base;
  private final boolean convert;
  private final boolean noLock;
  private final MemorySegment scratch = Arena.ofAuto().allocate(CHUNK, 8);
  private long size;
  private Runnable syncObserver = () -> {};

  /**
   * @param base where in the file the TDB header stands
   * @param noLock whether this handle locks nothing, not even the sequence number
   */
  PositionedIo(NativeFile file, long base, boolean convert, boolean noLock) {
    this.file = file;
    this.base = base;
    this.convert = convert;
    this.noLock = noLock;
    refresh();
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public int pageSize() {
    return NativeFile.pageSize();
  }

  @Override
  public boolean convert() {
    return convert;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void refresh() {
    long now = file.size() - base;
    if (now < 0 || now > MAX_SIZE) {
      throw TdbException.at(
          TdbError.IO,
          path(),
          0,
          "a file of " + base + ".." + (base + MAX_SIZE) + " bytes",
          (base + now) + " bytes");
    }
    size = now;
  }

  @Override
  public boolean inBounds(long offset, long length) {
    if (offset < 0 || length < 0) {
      return false;
    }
    if (offset + length > size) {
      refresh();
    }
    return offset + length <= size;
  }

  private void check(long offset, long length) {
    if (!inBounds(offset, length)) {
      throw TdbException.at(
          TdbError.IO,
          path(),
          offset,
          length + " bytes inside the file's " + size + " bytes",
          "the end of the file");
    }
  }

  private MemorySegment fetch(long offset, long length) {
    check(offset, length);
    var target = scratch.asSlice(0, length);
    file.read(base + offset, target);
    return target;
  }

  @Override
  public int readInt(long offset) {
    int value = fetch(offset, 4).get(INT, 0);
    return convert ? Integer.reverseBytes(value) : value;
  }

  @Override
  public void writeInt(long offset, int value) {
    check(offset, 4);
    scratch.set(INT, 0, convert ? Integer.reverseBytes(value) : value);
    file.write(base + offset, scratch.asSlice(0, 4));
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    MappedIo.decodeHeader(fetch(offset, RECORD_HEADER), 0, convert, header);
  }

  @Override
  public void writeHeader(long offset, RecordHeader header) {
    check(offset, RECORD_HEADER);
    MappedIo.encodeHeader(scratch, 0, convert, header);
    file.write(base + offset, scratch.asSlice(0, RECORD_HEADER));
  }

  @Override
  public void read(long offset, byte[] to, int at, int length) {
    check(offset, length);
    file.read(base + offset, MemorySegment.ofArray(to).asSlice(at, length));
  }

  @Override
  public void write(long offset, MemorySegment from, long at, long length) {
    check(offset, length);
    file.write(base + offset, from.asSlice(at, length));
  }

  @Override
  public boolean matches(long offset, MemorySegment bytes, long at, long length) {
    check(offset, length);
    for (long done = 0; done < length; done += CHUNK) {
      long count = Math.min(CHUNK, length - done);
      var present = fetch(offset + done, count);
      if (MemorySegment.mismatch(present, 0, count, bytes, at + done, at + done + count) >= 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean matches(long offset, byte[] bytes) {
    return matches(offset, MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  @Override
  public MemorySegment view(long offset, long length) {
    check(offset, length);
    var copy = Arena.ofAuto().allocate(Math.max(length, 1)).asSlice(0, length);
    file.read(base + offset, copy);
    return copy.asReadOnly();
  }

  @Override
  public void grow(long oldSize, long addition) {
    file.allocate(base + oldSize, base + oldSize + addition);
    refresh();
  }

  /**
   * Under the lock of its byte, and in the byte order of the file, as libtdb does without a map.
   */
  @Override
  public void addToSequenceNumber() {
    if (!noLock) {
      file.lock(LockMode.WRITE, OFF_SEQUENCE_NUMBER, 1, true);
    }
    try {
      writeInt(OFF_SEQUENCE_NUMBER, readInt(OFF_SEQUENCE_NUMBER) + 1);
    } finally {
      if (!noLock) {
        file.unlock(OFF_SEQUENCE_NUMBER, 1);
      }
    }
  }

  @Override
  public int sequenceNumber() {
    return readInt(OFF_SEQUENCE_NUMBER);
  }

  @Override
  public void sync(long offset, long length) {
    file.dataSync();
    syncObserver.run();
  }

  @Override
  public void touch() {
    file.touch();
  }

  @Override
  public void observeSyncs(Runnable observer) {
    syncObserver = observer;
  }

  @Override
  public void close() {
    size = 0;
  }
}
