// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/** Walks over all live records, chain by chain. */
final class Traverse {
  private final TdbState state;
  private final RecordHeader record = new RecordHeader();

  Traverse(TdbState state) {
    this.state = state;
  }

  /**
   * The visitor may change the database.
   *
   * @param inTransaction whether this handle has one open: it holds the transaction lock then
   */
  long writing(RecordVisitor visitor, boolean inTransaction) {
    if (state.readOnly || state.readTraverses > 0) {
      return reading(visitor);
    }
    if (!inTransaction) {
      // A holder of all chains must not wait for a transaction that waits for the chains.
      if (!state.locks.holdsAll()) {
        state.locks.lockTransaction();
      } else if (!state.locks.tryLockTransaction()) {
        throw TdbException.of(TdbError.LOCK, state.path, "a transaction of another holder is open");
      }
    }
    try {
      return positioned(visitor, true);
    } finally {
      if (!inTransaction) {
        state.locks.unlockTransaction();
      }
    }
  }

  /** This handle refuses to write meanwhile. */
  long reading(RecordVisitor visitor) {
    state.readTraverses++;
    try {
      return positioned(visitor, false);
    } finally {
      state.readTraverses--;
    }
  }

  /**
   * The visitor runs with no chain locked and may change the database ({@code write}); the record
   * it stands on is locked, so that whoever deletes it leaves it in its chain.
   */
  private long positioned(RecordVisitor visitor, boolean write) {
    var position = new TdbState.TraversePosition(state.positions);
    state.positions = position;
    try {
      return walk(visitor, write, position);
    } finally {
      if (position.offset != 0) {
        state.locks.unlockRecord(position.offset);
      }
      state.positions = position.outer;
    }
  }

  private long walk(RecordVisitor visitor, boolean write, TdbState.TraversePosition position) {
    long count = 0;
    for (int chain = 0; chain < state.hashSize; chain++) {
      // A look without the lock: an empty chain costs no lock. The first one is always locked,
      // which also lets a
      // pending recovery be noticed.
      if (chain > 0 && state.io.readInt(chainHead(chain)) == 0) {
        continue;
      }
      while (true) {
        byte[] key;
        byte[] value;
        lock(chain, write);
        try {
          long offset = advance(chain, position);
          if (offset == 0) {
            break;
          }
          key = state.io.readBytes(offset + RECORD_HEADER, record.keyLen);
          value = state.io.readBytes(offset + RECORD_HEADER + key.length, record.dataLen);
        } finally {
          unlock(chain, write);
        }
        count++;
        if (!visitor.visit(key, value)) {
          return count;
        }
      }
    }
    return count;
  }

  /** Moves on to the next live record of the chain, 0 at its end. {@link #record} is its header. */
  private long advance(int chain, TdbState.TraversePosition position) {
    var io = state.io;
    var guard = new LoopGuard(io);
    long offset;
    if (position.offset == 0) {
      offset = unsigned(io.readInt(chainHead(chain)));
    } else {
      record.readChained(io, position.offset);
      offset = record.next;
      long left = position.offset;
      position.offset = 0;
      state.locks.unlockRecord(left);
    }
    while (offset != 0) {
      record.readChained(io, offset);
      guard.visit(offset);
      if (record.magic == MAGIC_LIVE) {
        state.locks.lockRecord(offset);
        position.offset = offset;
        return offset;
      }
      offset = record.next;
    }
    return 0;
  }

  private void lock(int chain, boolean write) {
    if (write) {
      state.locks.lockChain(chain);
    } else {
      state.locks.lockChainRead(chain);
    }
  }

  private void unlock(int chain, boolean write) {
    if (write) {
      state.locks.unlockChain(chain);
    } else {
      state.locks.unlockChainRead(chain);
    }
  }

  /**
   * The visitor runs with the record's chain read-locked; no record locks, so it cannot deadlock
   * with a lockall.
   */
  long chainwise(RecordVisitor visitor) {
    state.readTraverses++;
    try {
      return allChains(visitor);
    } finally {
      state.readTraverses--;
    }
  }

  /** {@link #chainwise} for one chain. */
  long oneChain(int chain, RecordVisitor visitor) {
    state.readTraverses++;
    try {
      return Math.abs(chain(chain, visitor));
    } finally {
      state.readTraverses--;
    }
  }

  private long allChains(RecordVisitor visitor) {
    long count = 0;
    for (int chain = 0; chain < state.hashSize; chain++) {
      long visited = chain(chain, visitor);
      count += Math.abs(visited);
      if (visited < 0) {
        break;
      }
    }
    return count;
  }

  /**
   * As {@link #chainwise}, for one chain. A chain that looks empty is not locked, except the first:
   * the first lock of a handle finds out whether a crashed commit has to be undone.
   *
   * @return number of records visited; negated if the visitor wants no more
   */
  private long chain(int chain, RecordVisitor visitor) {
    if (chain > 0 && state.io.readInt(chainHead(chain)) == 0) {
      return 0;
    }
    long count = 0;
    state.locks.lockChainRead(chain);
    try {
      var io = state.io;
      var guard = new LoopGuard(io);
      long offset = unsigned(io.readInt(chainHead(chain)));
      while (offset != 0) {
        record.readChained(io, offset);
        guard.visit(offset);
        long next = record.next;
        if (record.magic == MAGIC_LIVE) {
          byte[] key = io.readBytes(offset + RECORD_HEADER, record.keyLen);
          byte[] value = io.readBytes(offset + RECORD_HEADER + key.length, record.dataLen);
          count++;
          if (!visitor.visit(key, value)) {
            return -count;
          }
        }
        offset = next;
      }
      return count;
    } finally {
      state.locks.unlockChainRead(chain);
    }
  }
}
