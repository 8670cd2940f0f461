// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FILL;
import static org.ctdbj.tdb.TdbLayout.FREELIST_TOP;
import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.hex;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks every rule of the format that libtdb's {@code tdb_check} checks, and a few more (a key
 * must not be live twice, dead space must be blank). The caller holds the allrecord lock. Unlike
 * libtdb it goes on after the first finding.
 */
final class FileChecker {
  private final TdbState state;
  private final TdbIo io;
  private final long start;
  private final List<CheckReport.Finding> findings = new ArrayList<>();

  /** Record starts met in the file, by offset / 4. */
  private final BitSet live = new BitSet();

  private final BitSet dead = new BitSet();
  private final BitSet free = new BitSet();
  private final RecordHeader record = new RecordHeader();
  private boolean recoveryMet;

  FileChecker(TdbState state) {
    this.state = state;
    this.io = state.io;
    this.start = dataStart(state.hashSize);
  }

  CheckReport check() {
    io.refresh();
    long liveRecords = 0;
    long deadRecords = 0;
    long freeRecords = 0;
    if (checkHeader()) {
      long recovery = unsigned(io.readInt(OFF_RECOVERY_START));
      walkFile(recovery);
      liveRecords = live.cardinality();
      deadRecords = dead.cardinality();
      freeRecords = free.cardinality();
      if (recovery != 0 && !recoveryMet) {
        add(OFF_RECOVERY_START, "the offset of a recovery area", String.valueOf(recovery));
      }
      walkFreeList();
      for (int chain = 0; chain < state.hashSize; chain++) {
        walkChain(chain);
      }
      reportUnlisted(live, "a live record in its chain");
      reportUnlisted(dead, "a dead record in its chain");
      reportUnlisted(free, "a free record on the free list");
    }
    return new CheckReport(state.path, io.size(), liveRecords, deadRecords, freeRecords, findings);
  }

  private void add(long offset, String expected, String found) {
    if (findings.size() < CheckReport.MAX_FINDINGS) {
      findings.add(new CheckReport.Finding(offset, expected, found));
    }
  }

  /** Whether the header allows to look at the rest. */
  private boolean checkHeader() {
    if (io.size() < start) {
      add(
          0,
          "at least " + start + " bytes for the header and " + state.hashSize + " chains",
          io.size() + " bytes");
      return false;
    }
    var header = FileHeader.read(io);
    for (FileHeader.Problem problem : header.problems(state.hashSize)) {
      add(problem.offset(), problem.expected(), problem.found());
    }
    if (unsigned(header.recoveryStart()) != 0 && unsigned(header.recoveryStart()) < start) {
      add(
          OFF_RECOVERY_START,
          "0 or an offset from " + start,
          String.valueOf(unsigned(header.recoveryStart())));
    }
    return true;
  }

  private void walkFile(long recovery) {
    long offset = start;
    while (offset < io.size()) {
      if (io.size() - offset < RECORD_HEADER) {
        add(offset, "a record or the end of the file", (io.size() - offset) + " bytes");
        return;
      }
      io.readHeader(offset, record);
      switch (record.magic) {
        case MAGIC_LIVE, MAGIC_DEAD -> {
          if (!checkRecord(offset)) {
            return;
          }
          checkBody(offset);
          (record.isDead() ? dead : live).set((int) (offset / 4));
        }
        case MAGIC_FREE -> {
          if (!checkRecord(offset)) {
            return;
          }
          free.set((int) (offset / 4));
        }
        default -> {
          if (offset == recovery && isRecoveryMagic(record.magic)) {
            recoveryMet = true;
            // libtdb does not look at the length; its next commit then fails.
            if (!endsInside(offset, "a recovery area's length")) {
              return;
            }
          } else {
            long end = deadSpaceEnd(offset, recovery);
            if (end < 0) {
              return;
            }
            record.recLen = end - offset - RECORD_HEADER;
          }
        }
      }
      offset += record.fullLength();
    }
  }

  private static boolean isRecoveryMagic(int magic) {
    return magic == MAGIC_RECOVERY || magic == 0 || magic == FILL;
  }

  /**
   * Space that a crash left between grown and filled is blank up to the end of the file, or up to
   * the recovery area. -1 if this is something else.
   */
  private long deadSpaceEnd(long offset, long recovery) {
    long end = recovery > offset && recovery <= io.size() ? recovery : io.size();
    if (isBlank(offset, end)) {
      // libtdb accepts this too, and stops looking; the recovery area behind it would then be
      // missed.
      if (end != io.size()) {
        add(offset, "a record", (end - offset) + " blank bytes in front of the recovery area");
      }
      return end;
    }
    add(offset, "a record", "magic " + hex(record.magic));
    return -1;
  }

  private boolean isBlank(long offset, long end) {
    byte[] chunk = new byte[8192];
    for (long at = offset; at < end; at += chunk.length) {
      int count = (int) Math.min(chunk.length, end - at);
      io.read(at, chunk, 0, count);
      for (int i = 0; i < count; i++) {
        if (chunk[i] != 0 && chunk[i] != 0x42) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean endsInside(long offset, String what) {
    if (record.recLen % 4 != 0
        || record.recLen < TAILER
        || offset + record.fullLength() > io.size()) {
      add(
          offset,
          what
              + " that is a multiple of 4, at least 4, and ends inside the file's "
              + io.size()
              + " bytes",
          "length " + record.recLen);
      return false;
    }
    return true;
  }

  /** Whether the record's length can be used to find the next one. */
  private boolean checkRecord(long offset) {
    if (!endsInside(offset, "a length")) {
      return false;
    }
    if (record.next != 0 && !isRecordOffset(record.next)) {
      add(offset, "a next record inside the file", "offset " + record.next);
    }
    long tailer = unsigned(io.readInt(offset + record.fullLength() - TAILER));
    if (tailer != record.fullLength()) {
      add(offset, "length " + record.fullLength() + " behind the record", String.valueOf(tailer));
    }
    return true;
  }

  private boolean isRecordOffset(long offset) {
    return offset >= start && offset % 4 == 0 && offset + RECORD_HEADER <= io.size();
  }

  private void checkBody(long offset) {
    if (record.keyLen + record.dataLen + TAILER > record.recLen) {
      add(
          offset,
          "key and value within the record's " + record.recLen + " bytes",
          "key " + record.keyLen + " and value " + record.dataLen + " bytes");
      return;
    }
    int hash = state.hashOf(key(offset));
    if (hash != record.fullHash) {
      add(offset, "the hash of the key, " + hex(hash), hex(record.fullHash));
    }
  }

  private byte[] key(long offset) {
    var key = new byte[(int) record.keyLen];
    io.read(offset + RECORD_HEADER, key, 0, key.length);
    return key;
  }

  private void walkFreeList() {
    long offset = unsigned(io.readInt(FREELIST_TOP));
    long holder = FREELIST_TOP;
    while (offset != 0) {
      // A live magic here is a delete that was interrupted; libtdb's check does not know that
      // record as free either.
      if (!take(free, offset)) {
        add(holder, "a free record that is on the list once", "offset " + offset);
        return;
      }
      io.readHeader(offset, record);
      holder = offset;
      offset = record.next;
    }
  }

  private void walkChain(int chain) {
    long holder = chainHead(chain);
    long offset = unsigned(io.readInt(holder));
    Set<java.nio.ByteBuffer> keys = new HashSet<>();
    while (offset != 0) {
      boolean isLive = take(live, offset);
      if (!isLive && !take(dead, offset)) {
        add(holder, "a live or dead record that is in one chain once", "offset " + offset);
        return;
      }
      io.readHeader(offset, record);
      if (state.chainOf(record.fullHash) != chain) {
        add(offset, "a record of chain " + chain, "hash " + hex(record.fullHash));
      }
      if (isLive
          && record.keyLen + record.dataLen + TAILER <= record.recLen
          && !keys.add(java.nio.ByteBuffer.wrap(key(offset)))) {
        add(offset, "one live record per key", "a second one");
      }
      holder = offset;
      offset = record.next;
    }
  }

  private boolean take(BitSet set, long offset) {
    if (offset % 4 != 0 || !set.get((int) (offset / 4))) {
      return false;
    }
    set.clear((int) (offset / 4));
    return true;
  }

  private void reportUnlisted(BitSet set, String expected) {
    for (int i = set.nextSetBit(0); i >= 0; i = set.nextSetBit(i + 1)) {
      add(4L * i, expected, "a record in no list");
    }
  }
}
