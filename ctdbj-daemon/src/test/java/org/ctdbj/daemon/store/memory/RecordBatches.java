// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.RecordSink;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;

/** Collects records into batches of rec_data. */
final class RecordBatches {
  private final int batchBytes;
  private final RecordSink sink;
  private ByteWriter batch = new ByteWriter(256);
  private int count;
  private int total;

  RecordBatches(int batchBytes, RecordSink sink) {
    this.batchBytes = batchBytes;
    this.sink = sink;
  }

  void add(RecordKey key, StoredRecord record) {
    int dataLength = RecordHeader.SIZE + record.data().length();
    batch
        .putInt(RecordData.PREFIX + key.array().length + dataLength)
        .putInt(0)
        .putInt(key.array().length)
        .putInt(dataLength)
        .put(key.bytes());
    record.header().encode(batch);
    batch.put(record.data());
    count++;
    total++;
    if (batch.size() >= batchBytes) {
      flush();
    }
  }

  /** Number of records so far. */
  int total() {
    return total;
  }

  /** Hands over what is left. */
  void flush() {
    if (count > 0) {
      Bytes bytes = batch.toBytes();
      int records = count;
      batch = new ByteWriter(256);
      count = 0;
      sink.accept(records, bytes);
    }
  }
}
