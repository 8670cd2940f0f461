// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.OFF_SEQUENCE_NUMBER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The file as a transaction sees it: pages that were written are kept here, everything else is read
 * from the file. The file itself is not touched, growth included.
 */
final class TransactionOverlay implements TdbIo {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final FileIo file;
  private final int pageSize;
  private final byte[] scratch = new byte[TdbLayout.RECORD_HEADER];
  private final MemorySegment scratchSegment = MemorySegment.ofArray(scratch);

  private byte[][] pages = new byte[0][];

  /** One more than the index of the highest page written. */
  private int pageCount;

  /** Bytes of the highest page that were there before or have been written. */
  private int lastPageLength;

  /** Size of the file underneath; beyond it there are only pages of this overlay. */
  private long fileSize;

  private long size;
  private boolean grown;
  private boolean sealed;
  private boolean poisoned;

  TransactionOverlay(FileIo file) {
    this.file = file;
    this.pageSize = file.pageSize();
    this.fileSize = file.size();
    this.size = fileSize;
  }

  /** From now on writing is refused: the commit is prepared. */
  void seal() {
    sealed = true;
  }

  boolean isSealed() {
    return sealed;
  }

  /** Notes that the transaction must not be committed any more. */
  void poison(boolean failed) {
    poisoned |= failed;
  }

  boolean isPoisoned() {
    return poisoned;
  }

  private TdbException refusedWrite() {
    poisoned = true;
    return TdbException.of(
        TdbError.EINVAL,
        path(),
        "the transaction is prepared: after a write it can be cancelled only");
  }

  boolean isEmpty() {
    return pageCount == 0;
  }

  /** Whether {@link #grow} was called. */
  boolean hasGrown() {
    return grown;
  }

  long fileSize() {
    return fileSize;
  }

  /** Tells the overlay that the commit has grown the file underneath. */
  void fileHasGrown() {
    fileSize = file.size();
    size = Math.max(size, fileSize);
  }

  /** Receives the pages of the overlay in ascending order. */
  @FunctionalInterface
  interface PageVisitor {
    void visit(long offset, byte[] page, int length);
  }

  void forEachPage(PageVisitor visitor) {
    for (int i = 0; i < pageCount; i++) {
      if (pages[i] != null) {
        visitor.visit((long) i * pageSize, pages[i], lengthOf(i));
      }
    }
  }

  private int lengthOf(int index) {
    return index == pageCount - 1 ? lastPageLength : pageSize;
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public boolean convert() {
    return file.convert();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void refresh() {
    // Nobody else can grow the file while a transaction is open.
  }

  @Override
  public boolean inBounds(long offset, long length) {
    return offset >= 0 && length >= 0 && offset + length <= size;
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

  /** The page with this index if it has been written, else null. */
  private byte[] page(long index) {
    return index < pageCount ? pages[(int) index] : null;
  }

  @Override
  public int readInt(long offset) {
    int value;
    if (offset % pageSize <= pageSize - 4) {
      check(offset, 4);
      byte[] page = page(offset / pageSize);
      if (page == null) {
        return file.readInt(offset);
      }
      value = MemorySegment.ofArray(page).get(INT, offset % pageSize);
    } else {
      read(offset, scratch, 0, 4);
      value = scratchSegment.get(INT, 0);
    }
    return convert() ? Integer.reverseBytes(value) : value;
  }

  @Override
  public void writeInt(long offset, int value) {
    scratchSegment.set(INT, 0, convert() ? Integer.reverseBytes(value) : value);
    write(offset, scratchSegment, 0, 4);
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    read(offset, scratch, 0, TdbLayout.RECORD_HEADER);
    MappedIo.decodeHeader(scratchSegment, 0, convert(), header);
  }

  @Override
  public void writeHeader(long offset, RecordHeader header) {
    MappedIo.encodeHeader(scratchSegment, 0, convert(), header);
    write(offset, scratchSegment, 0, TdbLayout.RECORD_HEADER);
  }

  @Override
  public void read(long offset, byte[] to, int at, int length) {
    check(offset, length);
    int done = 0;
    while (done < length) {
      long from = offset + done;
      int inPage = (int) (from % pageSize);
      int count = Math.min(length - done, pageSize - inPage);
      byte[] page = page(from / pageSize);
      if (page == null) {
        file.read(from, to, at + done, count);
      } else {
        System.arraycopy(page, inPage, to, at + done, count);
      }
      done += count;
    }
  }

  @Override
  public void write(long offset, MemorySegment from, long at, long length) {
    if (sealed) {
      throw refusedWrite();
    }
    check(offset, length);
    put(offset, from, at, length);
  }

  /** Writes {@code length} bytes, zeros if {@code from} is null. */
  private void put(long offset, MemorySegment from, long at, long length) {
    long done = 0;
    while (done < length) {
      long to = offset + done;
      int inPage = (int) (to % pageSize);
      int count = (int) Math.min(length - done, pageSize - inPage);
      int index = (int) (to / pageSize);
      byte[] page = materialise(index);
      if (from == null) {
        Arrays.fill(page, inPage, inPage + count, (byte) 0);
      } else {
        MemorySegment.copy(from, at + done, MemorySegment.ofArray(page), inPage, count);
      }
      if (index == pageCount - 1) {
        lastPageLength = Math.max(lastPageLength, inPage + count);
      }
      done += count;
    }
  }

  private byte[] materialise(int index) {
    if (index >= pageCount) {
      if (index >= pages.length) {
        pages = Arrays.copyOf(pages, Math.max(index + 1, pages.length + pages.length / 2));
      }
      pageCount = index + 1;
      lastPageLength = 0;
    }
    byte[] page = pages[index];
    if (page == null) {
      page = new byte[pageSize];
      long start = (long) index * pageSize;
      if (start < fileSize) {
        int present = (int) Math.min(pageSize, fileSize - start);
        file.read(start, page, 0, present);
        if (index == pageCount - 1) {
          lastPageLength = present;
        }
      }
      pages[index] = page;
    }
    return page;
  }

  /** Repeats a write that went to the file underneath in those pages that exist here. */
  void mirror(long offset, MemorySegment from, long length) {
    long done = 0;
    while (done < length) {
      long to = offset + done;
      int inPage = (int) (to % pageSize);
      int count = (int) Math.min(length - done, pageSize - inPage);
      byte[] page = page(to / pageSize);
      if (page != null) {
        int room = Math.max(0, Math.min(count, lengthOf((int) (to / pageSize)) - inPage));
        MemorySegment.copy(from, done, MemorySegment.ofArray(page), inPage, room);
      }
      done += count;
    }
  }

  @Override
  public boolean matches(long offset, byte[] bytes) {
    return matches(offset, MemorySegment.ofArray(bytes), 0, bytes.length);
  }

  @Override
  public boolean matches(long offset, MemorySegment bytes, long at, long length) {
    check(offset, length);
    long done = 0;
    while (done < length) {
      long from = offset + done;
      int inPage = (int) (from % pageSize);
      int count = (int) Math.min(length - done, pageSize - inPage);
      byte[] page = page(from / pageSize);
      boolean same =
          page == null
              ? file.matches(from, bytes, at + done, count)
              : MemorySegment.mismatch(
                      MemorySegment.ofArray(page),
                      inPage,
                      (long) inPage + count,
                      bytes,
                      at + done,
                      at + done + count)
                  < 0;
      if (!same) {
        return false;
      }
      done += count;
    }
    return true;
  }

  @Override
  public MemorySegment view(long offset, long length) {
    check(offset, length);
    var copy = new byte[Math.toIntExact(length)];
    read(offset, copy, 0, copy.length);
    return MemorySegment.ofArray(copy).asReadOnly();
  }

  @Override
  public void grow(long oldSize, long addition) {
    if (sealed) {
      throw refusedWrite();
    }
    size = oldSize + addition;
    grown = true;
    put(oldSize, null, 0, addition);
  }

  /** As with libtdb a call that changes nothing but this succeeds when the commit is prepared. */
  @Override
  public void addToSequenceNumber() {
    if (sealed) {
      poisoned = true;
      return;
    }
    writeInt(OFF_SEQUENCE_NUMBER, readInt(OFF_SEQUENCE_NUMBER) + 1);
  }

  @Override
  public int sequenceNumber() {
    return readInt(OFF_SEQUENCE_NUMBER);
  }
}
