// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/** Walks over all live records, chain by chain. */
final class Traverse {
  /** Records copied under one lock of their chain, unless they are large. */
  private static final int BATCH_RECORDS = 64;

  /** Bytes after which no further record is added. */
  private static final long BATCH_BYTES = 64 * 1024;

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
   * The visitor runs with no chain locked. For one that may change the database ({@code write})
   * records are taken one by one, and the one it stands on is locked, so that whoever deletes it
   * leaves it in its chain. For one that only reads, a chain is copied at once, and a record is
   * locked only where a long chain must be left in the middle.
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
    var batch = new Batch(write ? 1 : BATCH_RECORDS);
    long count = 0;
    for (int chain = 0; chain < state.hashSize; chain++) {
      // A look without the lock: an empty chain costs no lock. The first one is always locked,
      // which also lets a pending recovery be noticed.
      if (chain > 0 && state.io.readInt(chainHead(chain)) == 0) {
        continue;
      }
      // One for the whole chain: between two records of a circle the walk comes back here.
      var guard = new LoopGuard(state.io);
      do {
        batch.clear();
        lock(chain, write);
        try {
          advance(chain, position, batch, guard, write);
        } finally {
          unlock(chain, write);
        }
        for (int i = 0; i < batch.size; i++) {
          count++;
          if (!visitor.visit(batch.keys[i], batch.values[i])) {
            return count;
          }
        }
      } while (position.offset != 0);
    }
    return count;
  }

  /** Records on their way from a chain to the visitor. */
  private static final class Batch {
    private final byte[][] keys;
    private final byte[][] values;
    private int size;
    private long bytes;

    Batch(int capacity) {
      keys = new byte[capacity][];
      values = new byte[capacity][];
    }

    /** What it had stays reachable until it is overwritten, at the latest until the walk ends. */
    void clear() {
      size = 0;
      bytes = 0;
    }

    boolean isFull() {
      return size == keys.length || bytes >= BATCH_BYTES;
    }

    void add(TdbIo io, long offset, RecordHeader record) {
      byte[] key = io.readBytes(offset + RECORD_HEADER, record.keyLen);
      byte[] value = io.readBytes(offset + RECORD_HEADER + key.length, record.dataLen);
      keys[size] = key;
      values[size] = value;
      size++;
      bytes += key.length + value.length;
    }
  }

  /**
   * Takes the next live records of the chain. If the position has an offset afterwards, that is the
   * last one, locked, and there may be more.
   */
  private void advance(
      int chain, TdbState.TraversePosition position, Batch batch, LoopGuard guard, boolean write) {
    var io = state.io;
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
        batch.add(io, offset, record);
        if (write || (batch.isFull() && record.next != 0)) {
          state.locks.lockRecord(offset);
          position.offset = offset;
          return;
        }
      }
      offset = record.next;
    }
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
