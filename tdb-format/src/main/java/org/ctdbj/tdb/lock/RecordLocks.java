// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/** The bytes of records on which traverses of one handle stand; counted, since traverses nest. */
final class RecordLocks {
  private final NativeFile file;
  private final HeldLocks held = new HeldLocks();

  RecordLocks(NativeFile file) {
    this.file = file;
  }

  boolean isEmpty() {
    return held.isEmpty();
  }

  boolean holds(long offset) {
    return held.find(offset) >= 0;
  }

  /** Drops one lock that an allrecord lock covers now: the unlock of that takes it along. */
  void forget(long offset) {
    int i = held.find(offset);
    if (i >= 0) {
      held.decrement(i);
    }
  }

  void lock(long offset) {
    if (held.find(offset) < 0) {
      file.lock(LockMode.READ, offset, 1, true);
    }
    held.count(offset, LockMode.READ);
  }

  /** Undoes one {@link #lock}; false if there is none. */
  boolean unlock(long offset) {
    int i = held.find(offset);
    if (i < 0) {
      return false;
    }
    if (held.count(i) == 1) {
      file.unlock(offset, 1);
    }
    held.decrement(i);
    return true;
  }

  /** Whether no traverse of this or another handle stands there. */
  boolean probe(long offset) {
    // The kernel does not say that this handle's own lock is in the way.
    return held.find(offset) < 0 && file.couldLock(LockMode.WRITE, offset, 1);
  }

  /** Locks again what an unlock of a whole range has swallowed. */
  void restore() {
    for (int i = 0; i < held.size(); i++) {
      file.lock(LockMode.READ, held.offset(i), 1, true);
    }
  }

  void releaseAll() {
    var release = new ReleaseSequence();
    while (!held.isEmpty()) {
      long offset = held.offset(0);
      held.remove(0);
      release.run(() -> file.unlock(offset, 1));
    }
    release.end();
  }
}
