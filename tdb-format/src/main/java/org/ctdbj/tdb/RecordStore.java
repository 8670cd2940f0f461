// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.lang.foreign.MemorySegment;

/**
 * Records: finding, storing, deleting. The caller holds the lock of the chain. The order of the
 * stores to the file is libtdb's, so that a process killed between two of them leaves nothing that
 * libtdb does not know.
 */
final class RecordStore {
  private final TdbState state;
  private final FreeList freeList;
  private final RecordHeader found = new RecordHeader();
  private final RecordHeader walked = new RecordHeader();
  private final RecordHeader freed = new RecordHeader();
  private final RecordHeader old = new RecordHeader();

  /**
   * Where the record in {@link #found} stands in the file, 0 if that is not known; as long as the
   * epoch of the locks is the same nobody else has moved it.
   */
  private long place;

  private long placeEpoch;

  RecordStore(TdbState state, FreeList freeList) {
    this.state = state;
    this.freeList = freeList;
  }

  /** The header of the record that {@link #find} found last. */
  RecordHeader found() {
    return found;
  }

  /** Offset of the live record of {@code key}, 0 if there is none. */
  long find(byte[] key, int fullHash) {
    var io = state.io;
    long head = chainHead(state.chainOf(fullHash));
    if (io instanceof MappedIo mapped) {
      long epoch = state.locks.epoch();
      if (epoch == placeEpoch
          && place != 0
          && found.fullHash == fullHash
          && found.keyLen == key.length
          && mapped.matches(place + RECORD_HEADER, key)) {
        return place;
      }
      long plain = mapped.findSound(head, key, fullHash, found);
      if (plain >= 0) {
        place = plain;
        placeEpoch = epoch;
        return plain;
      }
    }
    place = 0;
    long steps = 0;
    long limit = LoopGuard.limit(io);
    long offset = unsigned(io.readInt(head));
    while (offset != 0) {
      found.readChained(io, offset);
      if (++steps > limit) {
        LoopGuard.exceeded(io, steps, offset);
      }
      if (found.fullHash == fullHash
          && found.magic == MAGIC_LIVE
          && found.keyLen == key.length
          && io.matches(offset + RECORD_HEADER, key)) {
        return offset;
      }
      offset = found.next;
    }
    return 0;
  }

  /** Stores the concatenation of {@code parts}. */
  void store(byte[] key, int fullHash, StoreMode mode, MemorySegment... parts) {
    var io = state.io;
    long dataLen = 0;
    for (MemorySegment part : parts) {
      dataLen += part.byteSize();
    }
    if (key.length + dataLen > TdbLayout.MAX_SIZE) {
      throw TdbException.of(
          TdbError.OOM,
          state.path,
          "a key of " + key.length + " and a value of " + dataLen + " bytes do not fit");
    }
    long offset = find(key, fullHash);
    if (offset != 0) {
      if (mode == StoreMode.INSERT) {
        throw TdbException.of(TdbError.EXISTS, state.path, "the key to insert is present");
      }
      long valueOffset = offset + RECORD_HEADER + key.length;
      if (found.dataLen == dataLen && matches(valueOffset, parts)) {
        state.changed();
        return;
      }
      if (found.recLen >= key.length + dataLen + TAILER) {
        write(valueOffset, parts);
        if (found.dataLen != dataLen) {
          found.dataLen = dataLen;
          io.writeHeader(offset, found);
        }
        state.changed();
        return;
      }
      offset = exchange(offset, key.length + dataLen, fullHash);
    } else if (mode == StoreMode.MODIFY) {
      throw TdbException.of(TdbError.NOEXIST, state.path, "the key to modify is absent");
    } else {
      offset = allocate(key.length + dataLen, fullHash);
    }
    link(offset, found, key, fullHash, dataLen, parts);
  }

  /**
   * Fills room that {@link FreeList#allocate} has given, and puts it in front of its chain: last,
   * so that a process that dies before leaves a record that no list leads to.
   */
  void link(
      long offset,
      RecordHeader header,
      byte[] key,
      int fullHash,
      long dataLen,
      MemorySegment[] parts) {
    var io = state.io;
    long head = chainHead(state.chainOf(fullHash));
    header.next = unsigned(io.readInt(head));
    header.magic = MAGIC_LIVE;
    header.keyLen = key.length;
    header.dataLen = dataLen;
    header.fullHash = fullHash;
    io.writeHeader(offset, header);
    io.write(offset + RECORD_HEADER, MemorySegment.ofArray(key), 0, key.length);
    write(offset + RECORD_HEADER + key.length, parts);
    io.writeInt(head, (int) offset);
    state.changed();
  }

  /**
   * Deletes the record in {@link #found} and makes room for a larger one. In this order libtdb does
   * it, so that the old space can be part of the new; unlike libtdb, a failure (full disk) brings
   * the old record back. The free list stays locked meanwhile: nobody gets the old space.
   */
  private long exchange(long offset, long length, int fullHash) {
    old.set(found);
    state.locks.lockFreeList();
    try {
      deleteFound(offset, fullHash);
      return allocate(length, fullHash);
    } catch (TdbException e) {
      try {
        bringBack(offset, fullHash);
      } catch (TdbException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    } finally {
      state.locks.unlockFreeList();
    }
  }

  /**
   * Undoes the delete of {@link #old}. If it is on the free list, alone or as part of a larger
   * record, its bytes have not been touched and there is room for them.
   */
  private void bringBack(long offset, int fullHash) {
    var io = state.io;
    long head = chainHead(state.chainOf(fullHash));
    var guard = new LoopGuard(io);
    for (long at = unsigned(io.readInt(head)); at != 0; at = walked.next) {
      walked.readChained(io, at);
      guard.visit(at);
      if (at == offset) {
        walked.magic = MAGIC_LIVE;
        io.writeHeader(at, walked);
        return;
      }
    }
    var bytes = new byte[Math.toIntExact(old.keyLen + old.dataLen)];
    io.read(offset + RECORD_HEADER, bytes, 0, bytes.length);
    long at = freeList.allocateWithin(bytes.length, found);
    found.next = unsigned(io.readInt(head));
    found.magic = MAGIC_LIVE;
    found.keyLen = old.keyLen;
    found.dataLen = old.dataLen;
    found.fullHash = fullHash;
    io.writeHeader(at, found);
    io.write(at + RECORD_HEADER, MemorySegment.ofArray(bytes), 0, bytes.length);
    io.writeInt(head, (int) at);
  }

  private boolean matches(long offset, MemorySegment[] parts) {
    long at = offset;
    for (MemorySegment part : parts) {
      if (!state.io.matches(at, part, 0, part.byteSize())) {
        return false;
      }
      at += part.byteSize();
    }
    return true;
  }

  private void write(long offset, MemorySegment[] parts) {
    long at = offset;
    for (MemorySegment part : parts) {
      state.io.write(at, part, 0, part.byteSize());
      at += part.byteSize();
    }
  }

  boolean delete(byte[] key, int fullHash) {
    long offset = find(key, fullHash);
    if (offset == 0) {
      return false;
    }
    deleteFound(offset, fullHash);
    return true;
  }

  /** Deletes the record whose header is in {@link #found}. */
  private void deleteFound(long offset, int fullHash) {
    place = 0;
    found.magic = MAGIC_DEAD;
    state.io.writeHeader(offset, found);
    state.changed();
    trimDead(state.chainOf(fullHash), state.maxDead);
  }

  /** Gives the dead records of a chain after the first {@code keep} back to the free list. */
  private void trimDead(int chain, int keep) {
    var io = state.io;
    var guard = new LoopGuard(io);
    boolean locked = false;
    int dead = 0;
    try {
      long pointer = chainHead(chain);
      long offset = unsigned(io.readInt(pointer));
      while (offset != 0) {
        walked.readChained(io, offset);
        guard.visit(offset);
        long next = walked.next;
        boolean gone = false;
        if (walked.isDead() && ++dead > keep) {
          if (!locked) {
            state.locks.lockFreeList();
            locked = true;
          }
          if (!state.traverseStandsOn(offset) && state.locks.probeRecord(offset)) {
            io.writeInt(pointer, (int) next);
            freed.set(walked);
            freeList.free(offset, freed);
            gone = true;
          }
        }
        if (!gone) {
          pointer = offset;
        }
        offset = next;
      }
    } finally {
      if (locked) {
        state.locks.unlockFreeList();
      }
    }
  }

  /** Room for a record of the chain; its header is in {@link #found} afterwards. */
  private long allocate(long length, int fullHash) {
    if (state.maxDead > 0) {
      for (int i = 0; i < state.hashSize; i++) {
        int chain = state.chainOf(fullHash + i);
        if (state.locks.tryLockChain(chain)) {
          long offset;
          try {
            offset = takeDead(chain, length);
          } finally {
            state.locks.unlockChain(chain);
          }
          if (offset != 0) {
            return offset;
          }
        }
        if (state.locks.tryLockFreeList()) {
          return purgeAndAllocate(length, fullHash);
        }
      }
    }
    state.locks.lockFreeList();
    return purgeAndAllocate(length, fullHash);
  }

  /** Called with the free list locked; unlocks it. */
  private long purgeAndAllocate(long length, int fullHash) {
    try {
      trimDead(state.chainOf(fullHash), 0);
      return freeList.allocate(length, found);
    } finally {
      state.locks.unlockFreeList();
    }
  }

  /**
   * Unlinks the dead record of {@code chain} that fits best; its header is in {@link #found}. 0 if
   * none fits.
   */
  private long takeDead(int chain, long length) {
    var io = state.io;
    var guard = new LoopGuard(io);
    long best = 0;
    long bestPointer = 0;
    long bestLength = Long.MAX_VALUE;
    long pointer = chainHead(chain);
    long offset = unsigned(io.readInt(pointer));
    while (offset != 0) {
      walked.readChained(io, offset);
      guard.visit(offset);
      if (walked.isDead() && walked.recLen >= length + TAILER && walked.recLen < bestLength) {
        best = offset;
        bestPointer = pointer;
        bestLength = walked.recLen;
      }
      pointer = offset;
      offset = walked.next;
    }
    if (best != 0) {
      found.readChained(io, best);
      io.writeInt(bestPointer, (int) found.next);
    }
    return best;
  }

  /**
   * Empties the database; needs the exclusive allrecord lock. The recovery area stays where it is.
   */
  void wipe() {
    var io = state.io;
    place = 0;
    io.refresh();
    long start = TdbLayout.dataStart(state.hashSize);
    long recovery = unsigned(io.readInt(OFF_RECOVERY_START));
    long end = recovery;
    if (recovery != 0) {
      io.readHeader(recovery, walked);
      end = recovery + walked.fullLength();
      if (recovery < start || end > io.size()) {
        throw TdbException.at(
            TdbError.CORRUPT,
            state.path,
            OFF_RECOVERY_START,
            "a recovery area inside " + start + ".." + io.size(),
            recovery + ".." + end);
      }
    }
    for (int chain = 0; chain < state.hashSize; chain++) {
      io.writeInt(chainHead(chain), 0);
    }
    io.writeInt(TdbLayout.FREELIST_TOP, 0);
    if (recovery == 0) {
      freeList.freeRegion(start, io.size() - start);
    } else {
      freeList.freeRegion(start, recovery - start);
      freeList.freeRegion(end, io.size() - end);
    }
    state.changedAsWhole();
  }
}
