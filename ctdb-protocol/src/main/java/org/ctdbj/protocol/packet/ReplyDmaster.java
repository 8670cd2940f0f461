// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 3: to the new data master: here is the record.
 *
 * @param header the common header
 * @param databaseId hash of the database's name
 * @param rsn record sequence number
 * @param key the record's key
 * @param data the record's data without its header
 * @param recordFlags {@link org.ctdbj.protocol.RecordFlags}
 */
public record ReplyDmaster(
    Header header, int databaseId, long rsn, Bytes key, Bytes data, int recordFlags)
    implements Packet {
  @Override
  public ReplyDmaster withHeader(Header newHeader) {
    return new ReplyDmaster(newHeader, databaseId, rsn, key, data, recordFlags);
  }
}
