// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.util.Arrays;
import org.ctdbj.tdb.os.LockMode;

/**
 * Which bytes are locked how, and how often. A handle holds few at a time: a linear search over an
 * array, of one word for each lock.
 */
final class HeldLocks {
  private static final int INITIAL = 4;

  // A lock's word: its offset in the high half, below it two bits and the count.
  private static final int OFFSET_SHIFT = 32;
  private static final long MARKED = 1L << 31;
  private static final long WRITE = 1L << 30;
  private static final long MAX_COUNT = WRITE - 1;

  private long[] locks = new long[INITIAL];
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /**
   * Index of the lock on that byte, -1 if there is none; valid until the next change.
   *
   * @param offset below 2<sup>32</sup>
   */
  int find(long offset) {
    for (int i = 0; i < size; i++) {
      if (locks[i] >>> OFFSET_SHIFT == offset) {
        return i;
      }
    }
    return -1;
  }

  /** Counts a lock up, or adds it with count 1; WRITE inside READ makes it WRITE for good. */
  void count(long offset, LockMode mode) {
    int i = find(offset);
    if (i >= 0) {
      increment(i, mode);
    } else {
      add(offset, mode);
    }
  }

  /** Counts a lock up; WRITE inside READ makes it WRITE for good. */
  void increment(int i, LockMode mode) {
    if (count(i) == MAX_COUNT) {
      throw new IllegalStateException("a lock is nested " + MAX_COUNT + " deep");
    }
    locks[i] = (locks[i] | bits(mode)) + 1;
  }

  /** Adds a lock that is not there yet, with count 1. */
  void add(long offset, LockMode mode) {
    add(offset << OFFSET_SHIFT | bits(mode) | 1);
  }

  private void add(long lock) {
    if (size == locks.length) {
      locks = Arrays.copyOf(locks, 2 * size);
    }
    locks[size++] = lock;
  }

  private static long bits(LockMode mode) {
    return mode == LockMode.WRITE ? WRITE : 0;
  }

  /** Counts a WRITE lock up, or adds one that somebody else holds for this handle. */
  void mark(long offset) {
    int i = find(offset);
    if (i >= 0) {
      increment(i, LockMode.WRITE);
    } else {
      add(offset << OFFSET_SHIFT | MARKED | WRITE | 1);
    }
  }

  /** Whether somebody else holds it for this handle: there is nothing to unlock. */
  boolean isMarked(int i) {
    return (locks[i] & MARKED) != 0;
  }

  long offset(int i) {
    return locks[i] >>> OFFSET_SHIFT;
  }

  int count(int i) {
    return (int) (locks[i] & MAX_COUNT);
  }

  LockMode mode(int i) {
    return (locks[i] & WRITE) != 0 ? LockMode.WRITE : LockMode.READ;
  }

  /** Whether this handle took the lock itself and the next {@link #decrement} ends it. */
  boolean isLast(int i) {
    return (locks[i] & (MARKED | MAX_COUNT)) == 1;
  }

  /** Counts down; at 0 the lock is gone. */
  void decrement(int i) {
    if (count(i) == 1) {
      remove(i);
    } else {
      locks[i]--;
    }
  }

  void remove(int i) {
    locks[i] = locks[--size];
  }
}
