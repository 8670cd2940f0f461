// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.util.Arrays;
import org.ctdbj.tdb.os.LockMode;

/**
 * Which bytes are locked how, and how often. A handle holds few at a time: a linear search over
 * arrays.
 */
final class HeldLocks {
  private static final int INITIAL = 4;

  private long[] offsets = new long[INITIAL];
  private int[] counts = new int[INITIAL];
  private LockMode[] modes = new LockMode[INITIAL];
  private boolean[] marked = new boolean[INITIAL];
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Index of the lock on that byte, -1 if there is none; valid until the next change. */
  int find(long offset) {
    for (int i = 0; i < size; i++) {
      if (offsets[i] == offset) {
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
    counts[i]++;
    if (mode == LockMode.WRITE && modes[i] != mode) {
      modes[i] = mode;
    }
  }

  /** Adds a lock that is not there yet, with count 1. */
  void add(long offset, LockMode mode) {
    if (size == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * size);
      counts = Arrays.copyOf(counts, 2 * size);
      modes = Arrays.copyOf(modes, 2 * size);
      marked = Arrays.copyOf(marked, 2 * size);
    }
    offsets[size] = offset;
    counts[size] = 1;
    if (modes[size] != mode) {
      modes[size] = mode;
    }
    marked[size] = false;
    size++;
  }

  /** Counts a WRITE lock up, or adds one that somebody else holds for this handle. */
  void mark(long offset) {
    int i = find(offset);
    if (i >= 0) {
      increment(i, LockMode.WRITE);
    } else {
      add(offset, LockMode.WRITE);
      marked[size - 1] = true;
    }
  }

  /** Whether somebody else holds it for this handle: there is nothing to unlock. */
  boolean isMarked(int i) {
    return marked[i];
  }

  long offset(int i) {
    return offsets[i];
  }

  int count(int i) {
    return counts[i];
  }

  LockMode mode(int i) {
    return modes[i];
  }

  /** Counts down; at 0 the lock is gone. */
  void decrement(int i) {
    if (--counts[i] == 0) {
      remove(i);
    }
  }

  void remove(int i) {
    size--;
    if (i != size) {
      offsets[i] = offsets[size];
      counts[i] = counts[size];
      modes[i] = modes[size];
      marked[i] = marked[size];
    }
  }
}
