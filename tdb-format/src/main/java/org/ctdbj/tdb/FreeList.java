// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FILL;
import static org.ctdbj.tdb.TdbLayout.FREELIST_TOP;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAX_SIZE;
import static org.ctdbj.tdb.TdbLayout.MIN_SPLIT_REST;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_LENGTH;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/**
 * The free list and the growth of the file. Placement follows libtdb 1.4 to the byte: the same
 * calls on the same file give the same file. Every method needs the free-list lock, which they take
 * themselves (it nests).
 *
 * <p>The order of the writes is not libtdb's. A process killed between any two of them leaves no
 * record twice on the list or inside another one of it, and no tailer that leads to a free record
 * of another length or on no list: libtdb adds a record that is freed to what such a tailer leads
 * to, over records in use, or so that it is lost; at the end of the file each time the file grows,
 * without end.
 */
final class FreeList {
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
      if (isFreeBefore(offset)) {
        clearTailer(offset, freed.recLen);
        extendLeft(freed.recLen);
      } else {
        addToFront(offset, freed);
      }
    } finally {
      state.locks.unlockFreeList();
    }
  }

  private void addToFront(long offset, RecordHeader freed) {
    var io = state.io;
    clearTailer(offset, freed.recLen);
    freed.magic = MAGIC_FREE;
    freed.next = unsigned(io.readInt(FREELIST_TOP));
    io.writeHeader(offset, freed);
    io.writeInt(FREELIST_TOP, (int) offset);
    freed.writeTailer(io, offset);
  }

  /** Frees {@code [offset, offset + length)}; nothing happens if it is too small for a record. */
  void freeRegion(long offset, long length) {
    if (length < RECORD_HEADER + TAILER) {
      return;
    }
    var region = new RecordHeader();
    region.recLen = length - RECORD_HEADER;
    free(offset, region);
  }

  /** Whether a free record ends at {@code offset}; it is then in {@link #left}. */
  private boolean isFreeBefore(long offset) {
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

  /** Adds the record behind {@link #left}, which is on no list, to it. */
  private void extendLeft(long recLen) {
    left.recLen += RECORD_HEADER + recLen;
    state.io.writeHeader(leftOffset, left);
    left.writeTailer(state.io, leftOffset);
  }

  private void clearTailer(long offset, long recLen) {
    state.io.writeInt(offset + RECORD_HEADER + recLen - TAILER, 0);
  }

  /**
   * Adds the free record at {@code offset} to the one that ends there, if one does.
   *
   * @param pointer what leads to the record on the list
   * @param next what follows it
   */
  private boolean mergeIntoLeft(long offset, long recLen, long pointer, long next) {
    if (!isFreeBefore(offset)) {
      return false;
    }
    clearTailer(offset, recLen);
    state.io.writeInt(pointer, (int) next);
    if (pointer == leftOffset) {
      left.next = next;
    }
    extendLeft(recLen);
    return true;
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
      boolean expanded = false;
      while (true) {
        Fit fit = walk(wanted);
        if (fit.offset != 0) {
          return take(fit, wanted, result);
        }
        if (!fit.mergeMadeCandidate) {
          if (!mayGrow) {
            throw full(wanted);
          }
          expand(wanted + RECORD_HEADER, !expanded);
          expanded = true;
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
      if (mergeIntoLeft(offset, record.recLen, pointer, next)) {
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
    long restLen = result.recLen - wanted - RECORD_HEADER;
    long offset = fit.offset + RECORD_HEADER + restLen;
    result.clear();
    result.recLen = wanted;
    result.magic = MAGIC_LIVE;
    io.writeHeader(offset, result);
    result.writeTailer(io, offset);
    io.writeInt(fit.offset + OFF_RECORD_LENGTH, (int) restLen);
    io.writeInt(offset - TAILER, (int) (offset - fit.offset));
    return offset;
  }

  /**
   * Grows the file.
   *
   * @param merge whether the space may be added to a free record in front of it; if that was of no
   *     use, it is one that a crash has left on no list, and nothing is to be added to it any more
   */
  private void expand(long needed, boolean merge) {
    var io = state.io;
    io.refresh();
    long size = io.size();
    long addition = TdbLayout.growth(size, needed, state.pageSize);
    if (size + addition > MAX_SIZE) {
      throw full(needed);
    }
    // At the end of the address range libtdb leaves a free record of odd length that its own check
    // rejects.
    addition &= ~3L;
    if (addition < needed) {
      throw full(needed);
    }
    io.grow(size, addition);
    if (merge) {
      freeRegion(size, addition);
    } else {
      io.writeInt(size - TAILER, 0);
      var region = new RecordHeader();
      region.recLen = addition - RECORD_HEADER;
      addToFront(size, region);
    }
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
        if (state.readOnly || !mergeIntoLeft(offset, record.recLen, pointer, next)) {
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
