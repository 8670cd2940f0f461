// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FILL;
import static org.ctdbj.tdb.TdbLayout.FREELIST_TOP;
import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAX_SIZE;
import static org.ctdbj.tdb.TdbLayout.MIN_SPLIT_REST;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_MAGIC;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/**
 * The free list and the growth of the file. Placement follows libtdb 1.4 to the byte: the same
 * calls on the same file give the same file. Every method needs the free-list lock, which they take
 * themselves (it nests).
 *
 * <p>The order of the writes is such that a process killed between any two of them leaves no byte
 * to two records of any list, at worst to none, and no record that is marked free but on no list:
 * whatever is freed behind such a record would be added to it and lost. libtdb tolerates a live
 * mark on the free list, so records get there and leave with that one. Its own order gives neither:
 * it enlarges a free record before it takes the right neighbour off the list.
 */
final class FreeList {
  /** Length of the shortest record, header and tailer alone. */
  private static final int BARRIER = RECORD_HEADER + TAILER;

  private final TdbState state;
  private final RecordHeader record = new RecordHeader();
  private final RecordHeader left = new RecordHeader();
  private long leftOffset;

  FreeList(TdbState state) {
    this.state = state;
  }

  /**
   * Gives a record (or a region with a header to be) back: it is added to its left neighbour if
   * that is free, else it goes to the front of the list.
   */
  void free(long offset, RecordHeader freed) {
    state.locks.lockFreeList();
    try {
      var io = state.io;
      freed.writeTailer(io, offset);
      if (!mergeIntoLeft(0, offset, freed)) {
        addToList(offset, freed);
      }
    } finally {
      state.locks.unlockFreeList();
    }
  }

  private void addToList(long offset, RecordHeader freed) {
    var io = state.io;
    freed.magic = MAGIC_LIVE;
    freed.next = unsigned(io.readInt(FREELIST_TOP));
    io.writeHeader(offset, freed);
    io.writeInt(FREELIST_TOP, (int) offset);
    io.writeInt(offset + OFF_RECORD_MAGIC, MAGIC_FREE);
  }

  /** Frees {@code [offset, offset + length)}; nothing happens if it is too small for a record. */
  void freeRegion(long offset, long length) {
    if (length <= RECORD_HEADER) {
      return;
    }
    var region = new RecordHeader();
    region.recLen = length - RECORD_HEADER;
    free(offset, region);
  }

  /**
   * Adds the record at {@code offset} to the free record that ends there, if one does.
   *
   * @param pointer where the free list leads to the record, which is then no longer on it; 0 if it
   *     is on no list
   */
  private boolean mergeIntoLeft(long pointer, long offset, RecordHeader merged) {
    if (!findFreeLeft(offset)) {
      return false;
    }
    var io = state.io;
    if (pointer != 0) {
      io.writeInt(offset + OFF_RECORD_MAGIC, MAGIC_LIVE);
      io.writeInt(pointer, (int) merged.next);
      if (pointer == leftOffset) {
        left.next = merged.next;
      }
    }
    left.recLen += merged.fullLength();
    io.writeHeader(leftOffset, left);
    left.writeTailer(io, leftOffset);
    if (pointer != 0) {
      // As libtdb leaves it.
      io.writeInt(offset + OFF_RECORD_MAGIC, MAGIC_FREE);
    }
    return true;
  }

  /** Whether a free record ends at {@code offset}; it is in {@link #left} then. */
  private boolean findFreeLeft(long offset) {
    var io = state.io;
    long start = dataStart(state.hashSize);
    long tailerOffset = offset - TAILER;
    if (tailerOffset <= start) {
      return false;
    }
    int word = io.readInt(tailerOffset);
    long distance = unsigned(word);
    if (word == 0 || word == FILL || distance > offset || offset - distance < start) {
      return false;
    }
    leftOffset = offset - distance;
    io.readHeader(leftOffset, left);
    // A crash between header and tailer leaves a record that disagrees with the word in front of
    // us: keep off it.
    return left.magic == MAGIC_FREE && left.fullLength() == distance;
  }

  /**
   * Finds room for {@code length} bytes of key and value, growing the file if need be.
   *
   * @param result gets the header of the record found: live magic, the length, the rest to be
   *     filled in by the caller
   * @return its offset; it is on no list any more
   */
  long allocate(long length, RecordHeader result) {
    return allocate(alignUp((long) (length * 1.25) + TAILER), true, result);
  }

  /**
   * Like {@link #allocate}, but without room to spare and without growing the file: for a record
   * that was freed and has to come back.
   */
  long allocateWithin(long length, RecordHeader result) {
    return allocate(alignUp(length + TAILER), false, result);
  }

  private long allocate(long wanted, boolean mayGrow, RecordHeader result) {
    state.locks.lockFreeList();
    try {
      if (wanted + RECORD_HEADER > MAX_SIZE) {
        throw full(wanted);
      }
      while (true) {
        Fit fit = walk(wanted);
        if (fit.offset != 0) {
          return take(fit, wanted, result);
        }
        if (!fit.mergeMadeCandidate) {
          if (!mayGrow) {
            throw full(wanted);
          }
          expand(wanted + RECORD_HEADER);
        }
      }
    } finally {
      state.locks.unlockFreeList();
    }
  }

  private static final class Fit {
    long offset;
    long pointer;
    long recLen;
    boolean mergeMadeCandidate;
  }

  private Fit walk(long wanted) {
    var io = state.io;
    var best = new Fit();
    var guard = new LoopGuard(io);
    float multiplier = 1.0f;
    long pointer = FREELIST_TOP;
    long offset = unsigned(io.readInt(FREELIST_TOP));
    while (offset != 0) {
      record.readFree(io, offset);
      guard.visit(offset);
      long next = record.next;
      if (mergeIntoLeft(pointer, offset, record)) {
        if (best.offset == leftOffset && best.offset != 0) {
          best.recLen = left.recLen;
        }
        if (left.recLen > wanted) {
          best.mergeMadeCandidate = true;
        }
        offset = next;
        continue;
      }
      if (record.recLen >= wanted && (best.offset == 0 || record.recLen < best.recLen)) {
        best.offset = offset;
        best.pointer = pointer;
        best.recLen = record.recLen;
      }
      pointer = offset;
      offset = next;
      // The further the walk, the larger a record is still taken as close enough.
      if (best.recLen > 0 && (float) best.recLen < (float) wanted * multiplier) {
        break;
      }
      multiplier = (float) (multiplier * 1.05);
    }
    return best;
  }

  private long take(Fit fit, long wanted, RecordHeader result) {
    var io = state.io;
    result.readFree(io, fit.offset);
    if (result.recLen < wanted + MIN_SPLIT_REST) {
      result.magic = MAGIC_LIVE;
      io.writeHeader(fit.offset, result);
      io.writeInt(fit.pointer, (int) result.next);
      return fit.offset;
    }
    // The new record is complete before the free one is cut: until then all of it is free.
    record.set(result);
    record.recLen -= wanted + RECORD_HEADER;
    long offset = fit.offset + record.fullLength();
    result.clear();
    result.recLen = wanted;
    result.magic = MAGIC_LIVE;
    io.writeHeader(offset, result);
    result.writeTailer(io, offset);
    record.writeTailer(io, fit.offset);
    io.writeHeader(fit.offset, record);
    return offset;
  }

  private void expand(long needed) {
    var io = state.io;
    io.refresh();
    long size = io.size();
    long barrier = isLastOffTheList() ? BARRIER : 0;
    long addition = TdbLayout.growth(size, needed, state.pageSize);
    if (size + addition > MAX_SIZE) {
      throw full(needed);
    }
    // At the end of the address range libtdb leaves a free record of odd length that its own check
    // rejects.
    addition &= ~3L;
    if (addition - barrier < needed) {
      throw full(needed);
    }
    io.grow(size, addition);
    if (barrier != 0) {
      record.clear();
      record.recLen = BARRIER - RECORD_HEADER;
      record.magic = MAGIC_DEAD;
      record.fullHash = state.hashOf(new byte[0]);
      record.writeTailer(io, size);
      io.writeHeader(size, record);
    }
    freeRegion(size + barrier, addition - barrier);
  }

  /**
   * Whether the file seems to end with a record that is free but not on the list, as a crash
   * between the writes of {@link #free} leaves it. New space would be added to it, nobody would
   * find it, and the file would grow to the end of the address range (with libtdb it does). A dead
   * record in between, in no chain, keeps the two apart, also for libtdb.
   *
   * <p>The record itself is not put on the list: whether it is one, only the last word of the file
   * says and what stands where that word points to, and a recovery area ends with whatever values a
   * commit has left there. What looks like a free record could be part of a live one.
   */
  private boolean isLastOffTheList() {
    var io = state.io;
    long start = dataStart(state.hashSize);
    if (io.size() < start + BARRIER) {
      return false;
    }
    long distance = unsigned(io.readInt(io.size() - TAILER));
    long last = io.size() - distance;
    if (distance < RECORD_HEADER + TAILER || last < start) {
      return false;
    }
    io.readHeader(last, left);
    return left.magic == MAGIC_FREE && left.fullLength() == distance && !isListed(last);
  }

  private boolean isListed(long wanted) {
    var io = state.io;
    var guard = new LoopGuard(io);
    long offset = unsigned(io.readInt(FREELIST_TOP));
    while (offset != 0 && offset != wanted) {
      record.readFree(io, offset);
      guard.visit(offset);
      offset = record.next;
    }
    return offset != 0;
  }

  private TdbException full(long needed) {
    return TdbException.of(
        TdbError.OOM,
        state.path,
        "no room for "
            + needed
            + " more bytes: the file has "
            + state.io.size()
            + " of at most "
            + MAX_SIZE
            + " bytes");
  }

  /**
   * Number of records on the list, after neighbours have been joined (not by a read-only handle).
   */
  int size() {
    state.locks.lockFreeList();
    try {
      var io = state.io;
      var guard = new LoopGuard(io);
      int count = 0;
      long pointer = FREELIST_TOP;
      long offset = unsigned(io.readInt(FREELIST_TOP));
      while (offset != 0) {
        if (state.readOnly) {
          io.readHeader(offset, record);
        } else {
          record.readFree(io, offset);
        }
        guard.visit(offset);
        long next = record.next;
        if (state.readOnly || !mergeIntoLeft(pointer, offset, record)) {
          pointer = offset;
          count++;
        }
        offset = next;
      }
      return count;
    } finally {
      state.locks.unlockFreeList();
    }
  }

  /**
   * Whether the free space is in so many pieces that {@link Repack} pays after a transaction that
   * had to grow the file.
   */
  boolean isFragmented() {
    var io = state.io;
    var guard = new LoopGuard(io);
    long total = 0;
    long largest = 0;
    long offset = unsigned(io.readInt(FREELIST_TOP));
    while (offset != 0) {
      io.readHeader(offset, record);
      guard.visit(offset);
      total += record.recLen;
      largest = Math.max(largest, record.recLen);
      offset = record.next;
    }
    return total > largest * 2;
  }

  private static long alignUp(long value) {
    return (value + 3) & ~3L;
  }
}
