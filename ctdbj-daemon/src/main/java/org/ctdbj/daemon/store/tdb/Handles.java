// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.ArrayDeque;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;

/**
 * The handles of one file besides the node thread's: each holds locks as a process of its own
 * would. A worker borrows one, gives it back without any lock, and the next worker saves the
 * opening of the file. Any thread.
 */
final class Handles implements AutoCloseable {
  /** Idle handles that are kept; each costs a descriptor. */
  private static final int MAX_IDLE = 4;

  private final Tdb origin;
  private final int maxDead;
  private final ArrayDeque<Tdb> idle = new ArrayDeque<>();
  private volatile boolean sequenceNumber;
  private boolean closed;
  private int borrowed;

  /** Handles of the same file as {@code origin}, which stays open as long as they do. */
  Handles(Tdb origin, int maxDead) {
    this.origin = origin;
    this.maxDead = maxDead;
  }

  /** A handle without locks. May wait for other openers of the file. */
  Tdb borrow() {
    Tdb handle;
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException(origin.path() + " is closed");
      }
      borrowed++;
      handle = idle.poll();
    }
    try {
      if (handle == null) {
        handle = origin.reopen();
        handle.setMaxDead(maxDead);
      }
      if (sequenceNumber && (handle.flags() & TdbFlag.SEQNUM.bit()) == 0) {
        handle.enableSequenceNumber();
      }
      return handle;
    } catch (RuntimeException | Error e) {
      if (handle != null) {
        handle.close();
      }
      returned();
      throw e;
    }
  }

  /** Takes back a handle that holds no lock. */
  void giveBack(Tdb handle) {
    synchronized (this) {
      if (!closed && idle.size() < MAX_IDLE) {
        idle.push(handle);
        borrowed--;
        return;
      }
    }
    drop(handle);
  }

  /**
   * Takes back a handle whose state is unknown after a failure: closing it gives up whatever it
   * holds.
   */
  void drop(Tdb handle) {
    try {
      handle.close();
    } finally {
      returned();
    }
  }

  /** Handles borrowed from now on count changes in the file's sequence number. */
  void enableSequenceNumber() {
    sequenceNumber = true;
  }

  /** Closes the idle handles now and the others as they come back, the origin last. */
  @Override
  public void close() {
    boolean last;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      last = borrowed == 0;
    }
    for (Tdb handle = idle.poll(); handle != null; handle = idle.poll()) {
      handle.close();
    }
    if (last) {
      origin.close();
    }
  }

  private void returned() {
    boolean last;
    synchronized (this) {
      borrowed--;
      last = closed && borrowed == 0;
    }
    if (last) {
      origin.close();
    }
  }
}
