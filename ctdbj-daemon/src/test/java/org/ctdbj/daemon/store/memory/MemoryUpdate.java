// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import java.util.LinkedHashMap;
import java.util.Map;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;

/** The records of one UPDATE_RECORD: all are stored, or none. */
final class MemoryUpdate {
  private final Map<RecordKey, StoredRecord> records;
  private final boolean onlyExisting;
  private final StoreRule rule;
  private final Map<RecordKey, StoredRecord> changes = new LinkedHashMap<>();

  MemoryUpdate(Map<RecordKey, StoredRecord> records, boolean onlyExisting, StoreRule rule) {
    this.records = records;
    this.onlyExisting = onlyExisting;
    this.rule = rule;
  }

  /** Adds a record; returns why the whole fails, or null. */
  String add(RecordData update) {
    var key = RecordKey.of(update.key());
    StoredRecord old = changes.containsKey(key) ? changes.get(key) : records.get(key);
    if (old == null && onlyExisting) {
      return null;
    }
    var header = RecordHeader.decode(update.data());
    Bytes data = update.data().from(RecordHeader.SIZE);
    if (old != null
        && Long.compareUnsigned(old.header().rsn(), header.rsn()) >= 0
        && !old.data().equals(data)) {
      return "key %s: stored rsn %d is not lower than %d"
          .formatted(key, old.header().rsn(), header.rsn());
    }
    var decision = rule.decide(key, header, data);
    changes.put(key, decision.keep() ? new StoredRecord(decision.header(), data.detached()) : null);
    return null;
  }

  /** What is to be written; a null value deletes. */
  Map<RecordKey, StoredRecord> changes() {
    return changes;
  }
}
