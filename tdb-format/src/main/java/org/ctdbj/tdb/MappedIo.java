// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAX_SIZE;
import static org.ctdbj.tdb.TdbLayout.OFF_SEQUENCE_NUMBER;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.ctdbj.tdb.os.Mapping;
import org.ctdbj.tdb.os.NativeFile;

/**
 * The mapped data part of a TDB file. Others may grow the file at any time; that is noticed when an
 * offset seems to be outside.
 */
final class MappedIo implements FileIo {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final VarHandle ARRAY_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /** In a long read in the machine's order: how far to shift it right for its first four bytes. */
  private static final int FIRST = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 32;

  private static final int SECOND = 32 - FIRST;
  private static final VarHandle ALIGNED_INT = ValueLayout.JAVA_INT.varHandle();

  /**
   * Records of a chain after which {@link #findSound} leaves it to others to see a loop: a power of
   * two.
   */
  private static final int SOUND_STEPS = 1024;

  /** Up to this many bytes a plain loop is faster than the call of a copying routine. */
  private static final int SHORT = 32;

  private final Path path;
  private final NativeFile file;

  /** Where in the file the TDB header stands: behind the mutex area, if there is one. */
  private final long base;

  private final boolean convert;
  private final int pageSize;

  private Mapping mapping;
  private MemorySegment map;
  private MemorySegment readOnly;
  private long size;
  private Runnable syncObserver = () -> {};

  MappedIo(NativeFile file, long base, boolean convert) {
    this.path = file.path();
    this.file = file;
    this.base = base;
    this.convert = convert;
    this.pageSize = NativeFile.pageSize();
    this.map = MemorySegment.NULL;
    this.readOnly = map;
    refresh();
  }

  @Override
  public int pageSize() {
    return pageSize;
  }

  @Override
  public Path path() {
    return path;
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
    if (now == size) {
      return;
    }
    if (now < 0 || now > MAX_SIZE) {
      throw TdbException.at(
          TdbError.IO,
          path,
          0,
          "a file of " + base + ".." + (base + MAX_SIZE) + " bytes",
          (base + now) + " bytes");
    }
    if (mapping != null && now > 0) {
      mapping.remap(now);
    } else {
      close();
      if (now > 0) {
        mapping = Mapping.map(file, base, now);
      }
    }
    map = mapping == null ? MemorySegment.NULL : mapping.segment();
    readOnly = map.asReadOnly();
    size = now;
  }

  @Override
  public void close() {
    if (mapping != null) {
      mapping.close();
      mapping = null;
      map = MemorySegment.NULL;
      readOnly = map;
      size = 0;
    }
  }

  @Override
  public void sync(long offset, long length) {
    file.dataSync();
    mapping.sync(offset, length);
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
  public boolean inBounds(long offset, long length) {
    if (offset < 0 || length < 0) {
      return false;
    }
    if (offset + length <= size) {
      return true;
    }
    refresh();
    return offset + length <= size;
  }

  private void check(long offset, long length) {
    if (offset + length > size && !inBounds(offset, length)) {
      throw TdbException.at(
          TdbError.IO,
          path,
          offset,
          length + " bytes inside the file's " + size + " bytes",
          "the end of the file");
    }
  }

  @Override
  public int readInt(long offset) {
    check(offset, 4);
    int value = map.get(INT, offset);
    return convert ? Integer.reverseBytes(value) : value;
  }

  @Override
  public void writeInt(long offset, int value) {
    check(offset, 4);
    map.set(INT, offset, convert ? Integer.reverseBytes(value) : value);
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    check(offset, RECORD_HEADER);
    decodeHeader(map, offset, convert, header);
  }

  @Override
  public void writeHeader(long offset, RecordHeader header) {
    check(offset, RECORD_HEADER);
    encodeHeader(map, offset, convert, header);
  }

  static void decodeHeader(MemorySegment from, long at, boolean convert, RecordHeader header) {
    long first = from.get(LONG, at);
    long second = from.get(LONG, at + 8);
    long third = from.get(LONG, at + 16);
    int next = (int) (first >>> FIRST);
    int recLen = (int) (first >>> SECOND);
    int keyLen = (int) (second >>> FIRST);
    int dataLen = (int) (second >>> SECOND);
    int fullHash = (int) (third >>> FIRST);
    int magic = (int) (third >>> SECOND);
    if (convert) {
      next = Integer.reverseBytes(next);
      recLen = Integer.reverseBytes(recLen);
      keyLen = Integer.reverseBytes(keyLen);
      dataLen = Integer.reverseBytes(dataLen);
      fullHash = Integer.reverseBytes(fullHash);
      magic = Integer.reverseBytes(magic);
    }
    header.next = unsigned(next);
    header.recLen = unsigned(recLen);
    header.keyLen = unsigned(keyLen);
    header.dataLen = unsigned(dataLen);
    header.fullHash = fullHash;
    header.magic = magic;
  }

  static void encodeHeader(MemorySegment to, long at, boolean convert, RecordHeader header) {
    to.set(LONG, at, pair(convert, (int) header.next, (int) header.recLen));
    to.set(LONG, at + 8, pair(convert, (int) header.keyLen, (int) header.dataLen));
    to.set(LONG, at + 16, pair(convert, header.fullHash, header.magic));
  }

  private static long pair(boolean convert, int first, int second) {
    return unsigned(order(convert, first)) << FIRST | unsigned(order(convert, second)) << SECOND;
  }

  private static int order(boolean convert, int value) {
    return convert ? Integer.reverseBytes(value) : value;
  }

  @Override
  public void read(long offset, byte[] to, int at, int length) {
    check(offset, length);
    if (length > SHORT) {
      MemorySegment.copy(map, ValueLayout.JAVA_BYTE, offset, to, at, length);
      return;
    }
    var from = map;
    int done = 0;
    while (length - done >= 8) {
      ARRAY_LONG.set(to, at + done, from.get(LONG, offset + done));
      done += 8;
    }
    for (; done < length; done++) {
      to[at + done] = from.get(ValueLayout.JAVA_BYTE, offset + done);
    }
  }

  @Override
  public void write(long offset, MemorySegment from, long at, long length) {
    check(offset, length);
    MemorySegment.copy(from, at, map, offset, length);
  }

  @Override
  public boolean matches(long offset, MemorySegment bytes, long at, long length) {
    check(offset, length);
    // Not MemorySegment.mismatch: where another process has cut the file, its machine code ends the
    // JVM, while plain reads throw.
    var own = map;
    long done = 0;
    while (length - done >= 8) {
      if (own.get(LONG, offset + done) != bytes.get(LONG, at + done)) {
        return false;
      }
      done += 8;
    }
    for (; done < length; done++) {
      if (own.get(ValueLayout.JAVA_BYTE, offset + done)
          != bytes.get(ValueLayout.JAVA_BYTE, at + done)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Looks for a live record in a chain, without a call on the way and without writing {@code
   * header} before it is found.
   *
   * @param pointer where the offset of the first record stands
   * @return its offset, 0 if the chain has none, -1 if that cannot be told here: something is
   *     outside the file as last seen, damaged, or far down the chain, or the file is in the other
   *     byte order
   */
  long findSound(long pointer, byte[] key, int fullHash, RecordHeader header) {
    var from = map;
    long end = size;
    if (convert || pointer + 4 > end) {
      return -1;
    }
    long offset = unsigned(from.get(INT, pointer));
    for (int steps = 1; offset != 0; steps++) {
      if (offset + RECORD_HEADER > end || (steps & SOUND_STEPS) != 0) {
        return -1;
      }
      long first = from.get(LONG, offset);
      long second = from.get(LONG, offset + 8);
      long third = from.get(LONG, offset + 16);
      long next = unsigned((int) (first >>> FIRST));
      long recLen = unsigned((int) (first >>> SECOND));
      long keyLen = unsigned((int) (second >>> FIRST));
      long dataLen = unsigned((int) (second >>> SECOND));
      int hash = (int) (third >>> FIRST);
      int magic = (int) (third >>> SECOND);
      if ((magic != MAGIC_LIVE && magic != MAGIC_DEAD)
          || keyLen + dataLen > recLen
          || offset + RECORD_HEADER + recLen > end
          || next + RECORD_HEADER > end) {
        return -1;
      }
      if (hash == fullHash
          && magic == MAGIC_LIVE
          && keyLen == key.length
          && equal(from, offset + RECORD_HEADER, key)) {
        header.next = next;
        header.recLen = recLen;
        header.keyLen = keyLen;
        header.dataLen = dataLen;
        header.fullHash = hash;
        header.magic = magic;
        return offset;
      }
      offset = next;
    }
    return 0;
  }

  @Override
  public boolean matches(long offset, byte[] bytes) {
    check(offset, bytes.length);
    return equal(map, offset, bytes);
  }

  private static boolean equal(MemorySegment map, long offset, byte[] bytes) {
    int at = 0;
    // In this form, and in its like here: what the compiler does for long runs of a loop that it
    // can count costs more than the two or three steps for a key.
    while (bytes.length - at >= 8) {
      if (map.get(LONG, offset + at) != (long) ARRAY_LONG.get(bytes, at)) {
        return false;
      }
      at += 8;
    }
    for (; at < bytes.length; at++) {
      if (map.get(ValueLayout.JAVA_BYTE, offset + at) != bytes[at]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public MemorySegment view(long offset, long length) {
    check(offset, length);
    return readOnly.asSlice(offset, length);
  }

  @Override
  public void grow(long oldSize, long addition) {
    file.allocate(base + oldSize, base + oldSize + addition);
    refresh();
  }

  /**
   * Atomic and, as libtdb does it, in the machine's byte order even if the file has the other one.
   */
  @Override
  public void addToSequenceNumber() {
    check(OFF_SEQUENCE_NUMBER, 4);
    var _ = (int) ALIGNED_INT.getAndAdd(map, (long) OFF_SEQUENCE_NUMBER, 1);
  }

  @Override
  public int sequenceNumber() {
    check(OFF_SEQUENCE_NUMBER, 4);
    return (int) ALIGNED_INT.getVolatile(map, (long) OFF_SEQUENCE_NUMBER);
  }
}
