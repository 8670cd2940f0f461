// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FREELIST_TOP;
import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY_INVALID;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_HASH;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.util.Arrays;

/**
 * Finds a use for space that an interrupted commit left on no list: the free list, or the recovery
 * area if the file has none. libtdb leaves it, its {@code tdb_check} then calls the file corrupt,
 * and ctdbd would move a good persistent database away. Interrupted itself, it leaves the mark by
 * which the next one knows that there is something to do. The caller has excluded everybody else:
 * it holds all data, the free list (which others walk and join without any other lock) and the open
 * lock, and is no handle that only pretends to lock.
 */
final class LostSpace {
  /**
   * Beyond this many records the list of their offsets gets too large for the heap; the space then
   * stays lost.
   */
  private static final int MAX_RECORDS = 1 << 24;

  /**
   * In the hash field of a recovery area that is not valid, where libtdb never looks: a commit that
   * grew the file, or the search for lost space, has not ended.
   */
  static final int MARK = 0x4C4F5354;

  private final FileIo file;
  private final int hashSize;
  private final RecordHeader record = new RecordHeader();
  private long[] offsets = new long[1024];
  private int count;

  /** The first free record, once the gaps are filled. */
  private long head;

  private long lastGap;
  private long lastGapLength;

  private LostSpace(FileIo file, int hashSize) {
    this.file = file;
    this.hashSize = hashSize;
  }

  /**
   * Whether the file looks as a commit leaves it that was interrupted before its recovery data
   * became valid, or was rolled back without the locks that {@link #reclaim} needs.
   */
  static boolean isSuspected(FileIo file, int hashSize) {
    long area = unsigned(file.readInt(OFF_RECOVERY_START));
    if (area == 0) {
      return !endsWithRecord(file, hashSize);
    }
    if (!file.inBounds(area, RECORD_HEADER)) {
      return true;
    }
    var header = new RecordHeader();
    file.readHeader(area, header);
    if (header.magic != MAGIC_RECOVERY_INVALID) {
      return false;
    }
    long end = area + header.fullLength();
    if (header.recLen == 0
        || header.fullHash == MARK
        || !file.inBounds(area, header.fullLength())
        || (end != file.size() && !endsWithRecord(file, hashSize))) {
      return true;
    }
    long oldEnd = header.keyLen;
    if (oldEnd >= area || !file.inBounds(oldEnd, RECORD_HEADER)) {
      return false;
    }
    file.readHeader(oldEnd, header);
    return header.recLen == 0 && header.magic == 0;
  }

  /** Whether the last word of the file leads to a record that ends there. */
  private static boolean endsWithRecord(FileIo file, int hashSize) {
    file.refresh();
    long start = dataStart(hashSize);
    long end = file.size();
    if (end <= start) {
      return true;
    }
    long length = unsigned(file.readInt(end - TAILER));
    if (length < RECORD_HEADER + TAILER || length > end - start) {
      return false;
    }
    var last = new RecordHeader();
    file.readHeader(end - length, last);
    return last.fullLength() == length
        && (last.magic == MAGIC_FREE || last.magic == MAGIC_LIVE || last.magic == MAGIC_DEAD);
  }

  /**
   * Finds all records that some list leads to and frees what is between them.
   *
   * @return bytes found; 0 too if the lists are damaged: then nothing is changed
   */
  static long reclaim(FileIo file, int hashSize) {
    try {
      return new LostSpace(file, hashSize).run();
    } catch (TdbException e) {
      if (e.error() == TdbError.CORRUPT) {
        return 0;
      }
      throw e;
    }
  }

  private long run() {
    file.refresh();
    long area = unsigned(file.readInt(OFF_RECOVERY_START));
    boolean hasArea = area != 0 && isArea(area);
    if (hasArea) {
      add(area);
    }
    walk(FREELIST_TOP, true);
    for (int chain = 0; chain < hashSize; chain++) {
      walk(chainHead(chain), false);
    }
    if (count >= MAX_RECORDS) {
      return 0;
    }
    Arrays.sort(offsets, 0, count);
    long sum = gaps(0, false);
    if (sum < 0) {
      return 0;
    }
    if (sum > 0) {
      if (hasArea) {
        mark(area);
      } else {
        area = lastGap;
        makeArea(area);
        hasArea = true;
      }
      head = unsigned(file.readInt(FREELIST_TOP));
      if (gaps(area, true) > 0) {
        // The list must not lead to records that a stop of the machine can still lose.
        file.sync(0, file.size());
        file.writeInt(FREELIST_TOP, (int) head);
        file.sync(FREELIST_TOP, 4);
      }
    } else if (area != 0 && !hasArea) {
      file.writeInt(OFF_RECOVERY_START, 0);
    }
    writeTailers();
    if (hasArea && file.readInt(area + OFF_RECORD_HASH) == MARK) {
      file.writeInt(area + OFF_RECORD_HASH, 0);
    }
    return sum;
  }

  /**
   * Puts right what is behind the free records. Without it they are not taken for neighbours to
   * which space can be added, which is what they must be while no list leads to them.
   */
  private void writeTailers() {
    boolean written = false;
    long offset = unsigned(file.readInt(FREELIST_TOP));
    while (offset != 0) {
      record.readFree(file, offset);
      if (unsigned(file.readInt(offset + record.fullLength() - TAILER)) != record.fullLength()) {
        record.writeTailer(file, offset);
        written = true;
      }
      offset = record.next;
    }
    if (written) {
      file.sync(0, file.size());
    }
  }

  private void mark(long area) {
    if (file.readInt(area + OFF_RECORD_HASH) != MARK) {
      file.writeInt(area + OFF_RECORD_HASH, MARK);
      file.sync(area, RECORD_HEADER);
    }
  }

  /** A file without an area has no other place for the mark; the next commit uses the space. */
  private void makeArea(long offset) {
    var area = new RecordHeader();
    area.recLen = lastGapLength - RECORD_HEADER;
    area.magic = MAGIC_RECOVERY_INVALID;
    area.fullHash = MARK;
    file.writeHeader(offset, area);
    file.sync(offset, RECORD_HEADER);
    file.writeInt(OFF_RECOVERY_START, (int) offset);
    file.sync(OFF_RECOVERY_START, 4);
  }

  private boolean isArea(long area) {
    if (area < dataStart(hashSize) || area % 4 != 0 || !file.inBounds(area, RECORD_HEADER)) {
      return false;
    }
    file.readHeader(area, record);
    return record.magic == MAGIC_RECOVERY_INVALID
        && record.recLen >= TAILER
        && record.recLen % 4 == 0
        && area + record.fullLength() <= file.size();
  }

  private void walk(long head, boolean free) {
    var guard = new LoopGuard(file);
    long offset = unsigned(file.readInt(head));
    while (offset != 0 && count < MAX_RECORDS) {
      if (free) {
        record.readFree(file, offset);
      } else {
        record.readChained(file, offset);
      }
      guard.visit(offset);
      add(offset);
      offset = record.next;
    }
  }

  private void add(long offset) {
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, count * 2);
    }
    offsets[count++] = offset;
  }

  /**
   * Sum of the gaps between the records, -1 if records overlap or a gap cannot hold one.
   *
   * @param except a gap that is left out
   */
  private long gaps(long except, boolean fill) {
    long sum = 0;
    long end = dataStart(hashSize);
    for (int i = 0; i <= count; i++) {
      long next = i < count ? offsets[i] : file.size();
      long gap = next - end;
      if (gap < 0 || (gap > 0 && (gap < RECORD_HEADER + TAILER || gap % 4 != 0))) {
        return -1;
      }
      if (gap > 0 && end != except) {
        if (fill) {
          fill(end, gap);
        }
        lastGap = end;
        lastGapLength = gap;
        sum += gap;
      }
      if (i < count) {
        file.readHeader(next, record);
        end = next + record.fullLength();
      }
    }
    return sum;
  }

  private void fill(long offset, long length) {
    var gap = new RecordHeader();
    gap.recLen = length - RECORD_HEADER;
    gap.magic = MAGIC_FREE;
    gap.next = head;
    file.writeInt(offset + length - TAILER, 0);
    file.writeHeader(offset, gap);
    head = offset;
  }
}
