// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 2: data master to location master: the record goes to another node.
 *
 * @param header the common header
 * @param databaseId hash of the database's name
 * @param rsn record sequence number
 * @param dmaster pnn of the new data master
 * @param key the record's key
 * @param data the record's data without its header
 * @param recordFlags {@link org.ctdbj.protocol.RecordFlags}
 */
public record ReqDmaster(
    Header header, int databaseId, long rsn, int dmaster, Bytes key, Bytes data, int recordFlags)
    implements Packet {
  @Override
  public ReqDmaster withHeader(Header newHeader) {
    return new ReqDmaster(newHeader, databaseId, rsn, dmaster, key, data, recordFlags);
  }
}
