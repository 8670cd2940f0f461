// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FREELIST_TOP;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAX_SIZE;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_MAGIC;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * Finds what looks like a record anywhere in a damaged file, by the rules of libtdb 1.4's {@code
 * tdb_rescue}: a live record whose lengths fit and whose hash is that of its key. Of several
 * records with one key those that a chain leads to are shown; if there is none, those that do not
 * lie in free space, which is full of old records.
 */
final class Rescue {
  /** How far apart the offsets are that a {@link WorkProgress} is told. */
  private static final int PROGRESS_BYTES = 1 << 20;

  private final TdbState state;
  private final TdbIo io;
  private final RecordHeader record = new RecordHeader();
  private final List<Found> found = new ArrayList<>();

  /** Records that a list has led to, by offset / 4: where a list comes back to one it is left. */
  private final BitSet visited = new BitSet();

  private Rescue(TdbState state) {
    this.state = state;
    this.io = state.io;
  }

  private static final class Found {
    final long offset;
    final byte[] key;
    final long dataLen;
    boolean inChain;
    boolean inFreeSpace;

    Found(long offset, byte[] key, long dataLen) {
      this.offset = offset;
      this.key = key;
      this.dataLen = dataLen;
    }
  }

  /** Shows the records, ordered by key; returns how many. */
  static long run(TdbState state, RecordVisitor visitor) {
    var rescue = new Rescue(state);
    state.io.refresh();
    rescue.scan();
    rescue.followFreeList();
    for (int chain = 0; chain < state.hashSize; chain++) {
      rescue.followChain(chain);
    }
    rescue.excludeRecoveryArea();
    return rescue.show(visitor);
  }

  /** Looks at every offset where a record can begin. */
  private void scan() {
    long nextTold = 0;
    long last = io.size() - RECORD_HEADER;
    for (long offset = dataStart(state.hashSize); offset <= last; offset += 4) {
      if (state.progress != null && offset >= nextTold) {
        state.progress.at(offset, io.size());
        nextTold = offset + PROGRESS_BYTES;
      }
      if (io.readInt(offset + OFF_RECORD_MAGIC) == MAGIC_LIVE) {
        consider(offset);
      }
    }
  }

  private void consider(long offset) {
    io.readHeader(offset, record);
    long start = offset + RECORD_HEADER;
    boolean fits =
        ((record.keyLen + record.dataLen) & MAX_SIZE) <= record.recLen
            && record.recLen % 4 == 0
            && (record.next == 0 || record.next >= dataStart(state.hashSize))
            && record.next + RECORD_HEADER <= io.size()
            && start + record.keyLen <= io.size()
            && record.keyLen <= Integer.MAX_VALUE;
    if (!fits) {
      return;
    }
    var key = new byte[(int) record.keyLen];
    io.read(start, key, 0, key.length);
    if (state.hashOf(key) == record.fullHash) {
      found.add(new Found(offset, key, record.dataLen));
    }
  }

  private boolean isReadable(long offset) {
    return offset + RECORD_HEADER <= io.size();
  }

  /** Whether a list that has come to {@code offset} can be followed and has not been before. */
  private boolean follow(long offset, long steps) {
    if (offset == 0 || !isReadable(offset) || steps > LoopGuard.limit(io)) {
      return false;
    }
    if (offset % 4 == 0) {
      if (visited.get((int) (offset / 4))) {
        return false;
      }
      visited.set((int) (offset / 4));
    }
    return true;
  }

  private void followFreeList() {
    long steps = 0;
    long offset = unsigned(io.readInt(FREELIST_TOP));
    while (follow(offset, ++steps)) {
      io.readHeader(offset, record);
      if (record.magic != MAGIC_FREE) {
        return;
      }
      markFree(offset, record.fullLength());
      offset = record.next;
    }
  }

  private void followChain(int chain) {
    long steps = 0;
    long offset = unsigned(io.readInt(chainHead(chain)));
    while (follow(offset, ++steps)) {
      io.readHeader(offset, record);
      int i = firstFrom(offset);
      if (i < found.size() && found.get(i).offset == offset) {
        found.get(i).inChain = true;
      }
      offset = record.next;
    }
  }

  /** The area for transactions is full of old records. */
  private void excludeRecoveryArea() {
    long area = unsigned(io.readInt(OFF_RECOVERY_START));
    if (area != 0 && isReadable(area)) {
      io.readHeader(area, record);
      markFree(area, record.fullLength());
    }
  }

  private void markFree(long offset, long length) {
    for (int i = firstFrom(offset); i < found.size(); i++) {
      if (found.get(i).offset >= offset + length) {
        return;
      }
      found.get(i).inFreeSpace = true;
    }
  }

  /** Index of the first record found at {@code offset} or behind it. */
  private int firstFrom(long offset) {
    int low = 0;
    int high = found.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (found.get(middle).offset < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private long show(RecordVisitor visitor) {
    found.sort(
        Comparator.<Found>comparingInt(f -> f.key.length)
            .thenComparing(f -> f.key, Arrays::compareUnsigned));
    long count = 0;
    int end;
    for (int i = 0; i < found.size(); i = end) {
      end = i + 1;
      boolean anyInChain = found.get(i).inChain;
      while (end < found.size() && Arrays.equals(found.get(end).key, found.get(i).key)) {
        anyInChain |= found.get(end).inChain;
        end++;
      }
      for (Found f : found.subList(i, end)) {
        boolean shown = anyInChain ? f.inChain : !f.inFreeSpace;
        byte[] value = shown ? value(f) : null;
        if (value != null) {
          count++;
          if (!visitor.visit(f.key, value)) {
            return count;
          }
        }
      }
    }
    return count;
  }

  /** Null if the value would reach beyond the end of the file. */
  private byte[] value(Found f) {
    long start = f.offset + RECORD_HEADER + f.key.length;
    if (start + f.dataLen > io.size() || f.dataLen > Integer.MAX_VALUE) {
      return null;
    }
    var value = new byte[(int) f.dataLen];
    io.read(start, value, 0, value.length);
    return value;
  }
}
