// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;

/**
 * What becomes of a record that is to be stored: pure and immutable, because it is applied on
 * worker threads too (to the records of a recovery or of a transaction).
 */
@FunctionalInterface
public interface StoreRule {
  /** Decides on one record. */
  Decision decide(RecordKey key, RecordHeader header, Bytes data);

  /**
   * The decision.
   *
   * @param header the header as it is written, and with which the caller goes on
   * @param keep false: the record is removed from the file instead
   * @param schedule the record is empty and is to be looked at by vacuuming
   */
  record Decision(RecordHeader header, boolean keep, boolean schedule) {}
}
