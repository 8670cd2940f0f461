// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/**
 * Finds records by key without walking their chains: hash and offset of each, in a table that is at
 * most three quarters full. 11 to 22 bytes for each record, half as much again while it grows.
 */
final class KeyIndex {
  private static final int INITIAL_BITS = 10;

  /** An odd number near 2<sup>64</sup> divided by the golden ratio: spreads poor hashes. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private final TdbIo io;
  private final RecordHeader record = new RecordHeader();

  /** Hash in the upper half, offset in the lower; no record is at offset 0. */
  private long[] slots = new long[1 << INITIAL_BITS];

  private int bits = INITIAL_BITS;
  private long count;

  KeyIndex(TdbIo io) {
    this.io = io;
  }

  /**
   * Makes sure that there is room for one more, so that there always is an empty slot.
   *
   * @throws TdbException {@link TdbError#OOM} if this process may not use that much memory
   */
  void reserve() {
    if (count + 1 <= slots.length - slots.length / 4) {
      return;
    }
    long[] old = slots;
    try {
      slots = new long[old.length * 2];
    } catch (OutOfMemoryError e) {
      throw TdbException.of(
          TdbError.OOM,
          io.path(),
          "no memory to keep track of more than "
              + count
              + " keys: run Java with a larger heap (-Xmx)",
          e);
    }
    bits++;
    for (long slot : old) {
      if (slot != 0) {
        int i = start((int) (slot >>> 32));
        while (slots[i] != 0) {
          i = next(i);
        }
        slots[i] = slot;
      }
    }
  }

  /**
   * The slot of {@code key}, or an empty one where it belongs; valid until the next {@link
   * #reserve} or {@link #set} of another.
   */
  int slotOf(byte[] key, int fullHash) {
    int i = start(fullHash);
    while (slots[i] != 0) {
      if ((int) (slots[i] >>> 32) == fullHash && isKey(slots[i] & 0xFFFFFFFFL, key)) {
        return i;
      }
      i = next(i);
    }
    return i;
  }

  boolean isEmpty(int slot) {
    return slots[slot] == 0;
  }

  /** Enters a record, or the new place of the one that is there. */
  void set(int slot, int fullHash, long offset) {
    if (slots[slot] == 0) {
      count++;
    }
    slots[slot] = unsigned(fullHash) << 32 | offset;
  }

  private boolean isKey(long offset, byte[] key) {
    record.readChained(io, offset);
    return record.keyLen == key.length && io.matches(offset + RECORD_HEADER, key);
  }

  private int start(int fullHash) {
    return (int) ((unsigned(fullHash) * SPREAD) >>> (64 - bits));
  }

  private int next(int i) {
    return (i + 1) & (slots.length - 1);
  }
}
