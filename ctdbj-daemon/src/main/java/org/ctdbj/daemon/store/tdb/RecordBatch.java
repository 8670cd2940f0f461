// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * Collects records in the form of {@code rec_data}: length, reqid 0, key length, data length, key,
 * data, unpadded.
 */
final class RecordBatch {
  private static final int HEADER = 16;

  private ByteWriter writer = new ByteWriter(0);
  private int count;

  /**
   * Appends a record.
   *
   * @param value record header and data, as it lies in the file
   */
  void add(byte[] key, byte[] value) {
    writer
        .putInt(Math.addExact(HEADER + key.length, value.length))
        .putInt(0)
        .putInt(key.length)
        .putInt(value.length)
        .put(Bytes.of(key))
        .put(Bytes.of(value));
    count++;
  }

  /** Records collected. */
  int count() {
    return count;
  }

  /** Bytes collected. */
  int bytes() {
    return writer.size();
  }

  /** What was collected; the batch is empty afterwards. */
  Bytes take() {
    Bytes taken = writer.toBytes();
    writer = new ByteWriter(0);
    count = 0;
    return taken;
  }
}
