// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.Comparator;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;

/** One database on a fake node: its records and where its recovery is. */
final class FakeDatabase {
  /** A copy of a record. */
  record Copy(RecordHeader header, String value) {}

  final int id;
  final String name;
  final int flags;
  NavigableMap<String, Copy> records = new TreeMap<>(Comparator.naturalOrder());
  NavigableMap<String, Copy> changed;
  int generation = 1;
  boolean frozen;
  boolean invalid;
  int transaction;
  long pushSrvid;
  int pushed;

  FakeDatabase(int id, String name, int flags) {
    this.id = id;
    this.name = name;
    this.flags = flags;
  }

  void put(String key, long rsn, int dmaster, int recordFlags, String value) {
    records.put(key, new Copy(new RecordHeader(rsn, dmaster, recordFlags), value));
  }

  boolean inTransaction() {
    return frozen && changed != null;
  }

  void begin(int transactionId) {
    transaction = transactionId;
    changed = new TreeMap<>(records);
  }

  void commit() {
    records = changed;
    changed = null;
    generation = transaction;
    invalid = false;
  }

  void thaw() {
    frozen = false;
    changed = null;
  }

  /** What a recovery's push does with a record. */
  void store(int pnn, Bytes key, Bytes data) {
    var header = RecordHeader.decode(data);
    header = header.withFlags(header.flags() & ~RecordFlags.RO_FLAGS);
    if (DatabaseFlags.isVolatile(flags) && header.dmaster() == pnn) {
      header = header.withRsn(header.rsn() + 1);
    }
    changed.put(key.text(), new Copy(header, data.from(RecordHeader.SIZE).text()));
    pushed++;
  }
}
