// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** What the parts of one handle share. Confined to the thread that uses the handle. */
final class TdbState {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  final Path path;
  final FileIo file;
  final HandleLocks locks;
  final int hashSize;

  /** 2<sup>64</sup> / hashSize, rounded up; 0 stands for 2<sup>64</sup>. */
  private final long inverse;

  final TdbHash.Function hash;
  final boolean readOnly;
  final int pageSize;

  /** The file, or the overlay of the transaction that is open. */
  TdbIo io;

  int flags;
  int maxDead;

  /** Read traverses under way: the handle refuses to write meanwhile, as libtdb does. */
  int readTraverses;

  /** Who wants to know how far calls on the whole database are; null if nobody does. */
  WorkProgress progress;

  /** Whether a {@link BulkLoad} is open: nothing else may change the database. */
  boolean bulkLoad;

  /**
   * Offsets of the records on which traverses of this handle stand; a delete leaves those in their
   * chain.
   */
  TraversePosition positions;

  /** Offset of the record on which firstkey and nextkey stand, 0 if they do on none. */
  long cursor;

  /** The key whose chain was asked for last, a copy, and its hash. */
  private byte[] lastKey = new byte[0];

  private int lastHash;

  TdbState(
      FileIo file,
      HandleLocks locks,
      int hashSize,
      TdbHash.Function hash,
      boolean readOnly,
      int flags) {
    this.path = file.path();
    this.file = file;
    this.locks = locks;
    this.hashSize = hashSize;
    this.inverse = Long.divideUnsigned(-1L, hashSize) + 1;
    this.hash = hash;
    this.readOnly = readOnly;
    this.pageSize = file.pageSize();
    this.io = file;
    this.flags = flags;
    this.lastHash = hash.of(lastKey, 0, 0);
  }

  int hashOf(byte[] key) {
    return key.length == lastKey.length && isLastKey(key) ? lastHash : hash.of(key, 0, key.length);
  }

  /** For a key of the same length; keys are short, and a plain loop is faster then. */
  private boolean isLastKey(byte[] key) {
    byte[] last = lastKey;
    int at = 0;
    while (key.length - at >= 8) {
      if ((long) LONG.get(key, at) != (long) LONG.get(last, at)) {
        return false;
      }
      at += 8;
    }
    for (; at < key.length; at++) {
      if (key[at] != last[at]) {
        return false;
      }
    }
    return true;
  }

  /**
   * The chain of a key that the caller will lock or unlock. Its hash is kept: calls with the same
   * key follow as a rule.
   */
  int chainOfKey(byte[] key) {
    if (key.length != lastKey.length) {
      lastKey = key.clone();
      lastHash = hash.of(key, 0, key.length);
    } else if (!isLastKey(key)) {
      System.arraycopy(key, 0, lastKey, 0, key.length);
      lastHash = hash.of(key, 0, key.length);
    }
    return chainOf(lastHash);
  }

  /** The unsigned remainder by the hash size, without a division; exact for all 32-bit numbers. */
  int chainOf(int fullHash) {
    return (int) Math.unsignedMultiplyHigh(inverse * TdbLayout.unsigned(fullHash), hashSize);
  }

  boolean has(TdbFlag flag) {
    return flag.in(flags);
  }

  void requireWritable() {
    if (readOnly) {
      throw TdbException.of(TdbError.RDONLY, path, "is open read-only and cannot be changed");
    }
    if (readTraverses > 0) {
      throw TdbException.of(TdbError.RDONLY, path, "cannot be changed inside a read traverse");
    }
    requireNoBulkLoad();
  }

  void requireNoBulkLoad() {
    if (bulkLoad) {
      throw TdbException.of(
          TdbError.LOCK, path, "is being loaded in bulk and cannot be changed in another way");
    }
  }

  /** Counts a change of a record, if this handle counts. */
  void changed() {
    if (has(TdbFlag.SEQNUM)) {
      io.addToSequenceNumber();
    }
  }

  /**
   * Counts a change of the whole database. In a file of the other byte order libtdb does that in
   * the file's order.
   */
  void changedAsWhole() {
    if (has(TdbFlag.SEQNUM)) {
      if (io.convert()) {
        io.writeInt(TdbLayout.OFF_SEQUENCE_NUMBER, io.readInt(TdbLayout.OFF_SEQUENCE_NUMBER) + 1);
      } else {
        io.addToSequenceNumber();
      }
    }
  }

  boolean traverseStandsOn(long offset) {
    for (TraversePosition p = positions; p != null; p = p.outer) {
      if (p.offset == offset) {
        return true;
      }
    }
    return offset == cursor;
  }

  /** Where one traverse stands; traverses of a handle nest. */
  static final class TraversePosition {
    final TraversePosition outer;
    long offset;

    TraversePosition(TraversePosition outer) {
      this.outer = outer;
    }
  }
}
