// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Memory for what waits in the daemon because of the other side's pace: frames that a reader does
 * not take, and frames of which only a part has come. All connections share it, since many small
 * backlogs end a daemon as surely as a large one. When it is used up, the connection that holds
 * most is given up. Node thread.
 */
final class MemoryBudget {
  private final long limitBytes;
  private final Set<Account> accounts = new LinkedHashSet<>();
  private long heldBytes;

  MemoryBudget(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Half of the heap: the rest is for work. */
  static MemoryBudget ofHeap() {
    return new MemoryBudget(Runtime.getRuntime().maxMemory() / 2);
  }

  long limitBytes() {
    return limitBytes;
  }

  /** What one connection holds in one direction. */
  final class Account {
    private final Runnable evicted;
    private long bytes;
    private boolean open;

    /**
     * Opens an account that holds nothing.
     *
     * @param evicted gives the connection up; it is called inside some {@link #take}, after the
     *     account has been emptied, so it only forgets what it held and closes later
     */
    Account(Runnable evicted) {
      this.evicted = evicted;
    }

    /** Takes so much more; false if this very account had to give up everything for it. */
    boolean take(long more) {
      if (!open) {
        open = true;
        accounts.add(this);
      }
      bytes += more;
      heldBytes += more;
      boolean kept = true;
      while (heldBytes > limitBytes) {
        Account largest = largest();
        largest.empty();
        largest.evicted.run();
        kept &= largest != this;
      }
      return kept;
    }

    /** Gives so much of it back; more than it holds is not possible. */
    void giveBack(long less) {
      bytes -= less;
      heldBytes -= less;
    }

    /** Gives everything back; also to be called when the connection ends. */
    void empty() {
      if (open) {
        open = false;
        accounts.remove(this);
        giveBack(bytes);
      }
    }
  }

  private Account largest() {
    Account largest = null;
    for (Account account : accounts) {
      if (largest == null || account.bytes > largest.bytes) {
        largest = account;
      }
    }
    if (largest == null) {
      throw new IllegalStateException(heldBytes + " bytes are held by nobody");
    }
    return largest;
  }
}
