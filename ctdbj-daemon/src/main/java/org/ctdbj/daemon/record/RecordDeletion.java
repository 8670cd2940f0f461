// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;

/** Deletes copies of records that a vacuuming location master wants gone everywhere. */
final class RecordDeletion {
  private final RecordAccess access;
  private final ChainLocks locks;

  RecordDeletion(RecordAccess access, ChainLocks locks) {
    this.access = access;
    this.locks = locks;
  }

  /** Deletes what can be deleted; returns the rest as it was given. */
  List<RecordData> tryDelete(List<RecordData> records) {
    var kept = new ArrayList<RecordData>();
    for (RecordData record : records) {
      var key = RecordKey.of(record.key());
      try {
        if (!tryDelete(key, record)) {
          kept.add(record);
        }
      } catch (StoreException e) {
        kept.add(record);
        access.failed("deleting a copy for node-wide vacuuming", key, e);
      }
    }
    return kept;
  }

  /** A copy with data is deleted too: it is older than the empty record, so it is out of date. */
  private boolean tryDelete(RecordKey key, RecordData record) {
    if (record.data().length() != RecordHeader.SIZE || !access.isVolatile()) {
      return false;
    }
    var given = RecordHeader.decode(record.data());
    if (access.lmaster(key) == access.node.pnn()
        || given.hasAny(RecordFlags.RO_FLAGS)
        || !locks.tryLock(key)) {
      return false;
    }
    try {
      StoredRecord own = access.store.fetch(key);
      if (own != null
          && (Long.compareUnsigned(own.header().rsn(), given.rsn()) > 0
              || own.header().hasAny(RecordFlags.RO_FLAGS)
              || own.header().dmaster() == access.node.pnn())) {
        return false;
      }
      access.store.delete(key); // also what is shorter than a header, which fetch does not show
      return true;
    } finally {
      locks.unlock(key);
    }
  }
}
