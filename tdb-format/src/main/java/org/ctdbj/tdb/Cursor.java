// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/**
 * The position of {@code firstkey} and {@code nextkey}, one per handle. The record it stands on is
 * locked, so that whoever deletes it leaves it in its chain; no chain is locked between the calls.
 */
final class Cursor {
  private final TdbState state;
  private final RecordStore store;
  private final RecordHeader record = new RecordHeader();

  /** Counts the records of one chain that the cursor stood on or passed, from call to call. */
  private LoopGuard guard;

  Cursor(TdbState state, RecordStore store) {
    this.state = state;
    this.store = store;
  }

  byte[] first() {
    leave();
    return searchFrom(0);
  }

  /** The key behind {@code key}, wherever the cursor stands; null too if {@code key} is absent. */
  byte[] next(byte[] key) {
    int hash = state.hashOf(key);
    int chain = state.chainOf(hash);
    byte[] next;
    state.locks.lockChainRead(chain);
    try {
      long offset = state.cursor;
      if (offset == 0 || !standsOn(offset, key, hash)) {
        offset = store.find(key, hash);
        if (offset == 0) {
          leave();
          return null;
        }
        record.set(store.found());
        guard = new LoopGuard(state.io);
      }
      next = advance(chain, record.next);
    } finally {
      state.locks.unlockChainRead(chain);
    }
    return next != null ? next : searchFrom(chain + 1);
  }

  /** Whether the cursor's record, deleted meanwhile or not, is that of the key. */
  private boolean standsOn(long offset, byte[] key, int hash) {
    var io = state.io;
    if (!io.inBounds(offset, RECORD_HEADER)) {
      return false;
    }
    io.readHeader(offset, record);
    return (record.magic == MAGIC_LIVE || record.isDead())
        && record.fullHash == hash
        && record.keyLen == key.length
        && io.inBounds(offset + RECORD_HEADER, key.length)
        && io.matches(offset + RECORD_HEADER, key);
  }

  /** The first key of the chains from {@code first} on. */
  private byte[] searchFrom(int first) {
    for (int chain = first; chain < state.hashSize; chain++) {
      long head = chainHead(chain);
      // A look without the lock: an empty chain costs no lock. The first lock of a handle also lets
      // a pending recovery be noticed.
      if (chain > 0 && state.io.readInt(head) == 0) {
        continue;
      }
      state.locks.lockChainRead(chain);
      try {
        guard = new LoopGuard(state.io);
        byte[] key = advance(chain, unsigned(state.io.readInt(head)));
        if (key != null) {
          return key;
        }
      } finally {
        state.locks.unlockChainRead(chain);
      }
    }
    return null;
  }

  /**
   * Moves to the next live record from {@code offset} on, or off all records at the end of the
   * chain.
   */
  private byte[] advance(int chain, long offset) {
    var io = state.io;
    leave();
    long at = offset;
    while (at != 0) {
      record.readChained(io, at);
      guard.visit(at);
      if (record.magic == MAGIC_LIVE) {
        // The next call goes on in the chain that this hash names: in a wrong one the walk would
        // come here again and again.
        if (state.chainOf(record.fullHash) != chain) {
          throw TdbException.at(
              TdbError.CORRUPT,
              state.path,
              at,
              "a record of chain " + chain,
              "hash " + TdbLayout.hex(record.fullHash));
        }
        state.locks.lockRecord(at);
        state.cursor = at;
        return io.readBytes(at + RECORD_HEADER, record.keyLen);
      }
      at = record.next;
    }
    return null;
  }

  private void leave() {
    if (state.cursor != 0) {
      long left = state.cursor;
      state.cursor = 0;
      state.locks.giveUpRecord(left);
    }
  }
}
