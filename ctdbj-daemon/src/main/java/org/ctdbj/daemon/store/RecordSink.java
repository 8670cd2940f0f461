// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import org.ctdbj.protocol.Bytes;

/** Receives batches of records on the node thread. */
@FunctionalInterface
public interface RecordSink {
  /**
   * One batch, encoded as consecutive {@code rec_data} (length, reqid, key length, data length,
   * key, data), data with the 24-byte header.
   *
   * @param count number of records in the batch
   */
  void accept(int count, Bytes records);
}
