// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FREELIST_TOP;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What must hold after a process was killed anywhere: every list leads to records inside the file,
 * and no byte belongs to two of them, so that nothing that is stored now can overwrite something
 * else. Bytes that belong to none are lost, which is allowed here.
 */
final class ListedSpace {
  private final TdbIo io;
  private final int hashSize;
  private final TreeMap<Long, Long> ends = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();

  private ListedSpace(TdbIo io, int hashSize) {
    this.io = io;
    this.hashSize = hashSize;
  }

  /** The caller has excluded all others. */
  static List<String> faults(TdbIo io, int hashSize) {
    var space = new ListedSpace(io, hashSize);
    space.walk();
    return space.faults;
  }

  private void walk() {
    io.refresh();
    walk("free list", FREELIST_TOP, true);
    for (int chain = 0; chain < hashSize; chain++) {
      walk("chain " + chain, chainHead(chain), false);
    }
    long area = unsigned(io.readInt(OFF_RECOVERY_START));
    if (area != 0) {
      var header = new RecordHeader();
      io.readHeader(area, header);
      add("header", area, header);
    }
    long end = dataStart(hashSize);
    for (var record : ends.entrySet()) {
      if (record.getKey() < end) {
        faults.add("the record at " + record.getKey() + " begins in one that ends at " + end);
      }
      end = Math.max(end, record.getValue());
    }
    if (end > io.size()) {
      faults.add("a record ends at " + end + ", the file at " + io.size());
    }
  }

  private void walk(String list, long head, boolean free) {
    var header = new RecordHeader();
    long at = unsigned(io.readInt(head));
    while (at != 0 && faults.size() < 10) {
      try {
        if (free) {
          header.readFree(io, at);
        } else {
          header.readChained(io, at);
        }
      } catch (TdbException e) {
        faults.add(list + ": " + e.getMessage());
        return;
      }
      if (!add(list, at, header)) {
        return;
      }
      at = header.next;
    }
  }

  private boolean add(String list, long at, RecordHeader header) {
    if (ends.put(at, at + header.fullLength()) != null) {
      faults.add(list + ": the record at " + at + " is there or elsewhere a second time");
      return false;
    }
    return true;
  }
}
