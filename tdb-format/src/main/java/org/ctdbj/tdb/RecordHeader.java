// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.hex;

/**
 * The 24 bytes in front of each record. Reused from record to record, so that a lookup allocates
 * nothing.
 */
final class RecordHeader {
  /** Next record of the same chain or of the free list, 0 at the end. */
  long next;

  /** Bytes after this header, tailer included. */
  long recLen;

  long keyLen;
  long dataLen;
  int fullHash;
  int magic;

  void set(RecordHeader other) {
    next = other.next;
    recLen = other.recLen;
    keyLen = other.keyLen;
    dataLen = other.dataLen;
    fullHash = other.fullHash;
    magic = other.magic;
  }

  void clear() {
    next = 0;
    recLen = 0;
    keyLen = 0;
    dataLen = 0;
    fullHash = 0;
    magic = 0;
  }

  boolean isDead() {
    return magic == MAGIC_DEAD;
  }

  /** Header and body. */
  long fullLength() {
    return RECORD_HEADER + recLen;
  }

  /**
   * Reads the header of a record found in a chain and refuses one whose numbers cannot be right.
   */
  void readChained(TdbIo io, long offset) {
    io.readHeader(offset, this);
    if (magic != MAGIC_LIVE && magic != MAGIC_DEAD) {
      throw TdbException.at(
          TdbError.CORRUPT, io.path(), offset, "a live or dead record", "magic " + hex(magic));
    }
    if (keyLen + dataLen > recLen) {
      throw TdbException.at(
          TdbError.CORRUPT,
          io.path(),
          offset,
          "key and value within the record's " + recLen + " bytes",
          "key " + keyLen + " and value " + dataLen + " bytes");
    }
    checkBounds(io, offset);
  }

  /**
   * Reads the header of a record on the free list; one that is still marked live (crash in a
   * delete) is repaired.
   */
  void readFree(TdbIo io, long offset) {
    io.readHeader(offset, this);
    if (magic == MAGIC_LIVE) {
      magic = MAGIC_FREE;
      io.writeHeader(offset, this);
    }
    if (magic != MAGIC_FREE) {
      throw TdbException.at(
          TdbError.CORRUPT, io.path(), offset, "a free record", "magic " + hex(magic));
    }
    checkBounds(io, offset);
  }

  private void checkBounds(TdbIo io, long offset) {
    if (!io.inBounds(offset, fullLength())) {
      throw TdbException.at(
          TdbError.CORRUPT,
          io.path(),
          offset,
          "a record inside the file's " + io.size() + " bytes",
          "a record of " + fullLength() + " bytes");
    }
    if (next != 0 && !io.inBounds(next, RECORD_HEADER)) {
      throw TdbException.at(
          TdbError.CORRUPT,
          io.path(),
          offset,
          "a next record inside the file's " + io.size() + " bytes",
          "offset " + next);
    }
  }

  /** Writes the record's length behind it, where a freed right neighbour looks for its left one. */
  void writeTailer(TdbIo io, long offset) {
    io.writeInt(offset + fullLength() - TAILER, (int) fullLength());
  }
}
