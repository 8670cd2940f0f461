// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.lang.foreign.MemorySegment;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.tdb.StoreMode;
import org.ctdbj.tdb.Tdb;

/** Records of CTDB databases as values of a TDB file: header and data in one. */
final class TdbRecords {
  private TdbRecords() {}

  /** The record, or null if there is none or it is shorter than a header, which counts as none. */
  static StoredRecord fetch(Tdb handle, RecordKey key) {
    byte[] value = handle.fetch(key.array());
    if (value == null || value.length < RecordHeader.SIZE) {
      return null;
    }
    Bytes bytes = Bytes.of(value);
    return new StoredRecord(RecordHeader.decode(bytes), bytes.from(RecordHeader.SIZE));
  }

  /** Writes a record. */
  static void store(Tdb handle, RecordKey key, RecordHeader header, Bytes data) {
    handle.store(key.array(), StoreMode.REPLACE, segment(header.encode()), segment(data));
  }

  /** Does what a rule has decided. */
  static void apply(Tdb handle, RecordKey key, StoreRule.Decision decision, Bytes data) {
    if (decision.keep()) {
      store(handle, key, decision.header(), data);
    } else {
      handle.delete(key.array());
    }
  }

  private static MemorySegment segment(Bytes bytes) {
    return MemorySegment.ofArray(bytes.array()).asSlice(bytes.arrayOffset(), bytes.length());
  }
}
