// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 0: wants a record here, or its contents.
 *
 * @param header the common header
 * @param flags {@link org.ctdbj.protocol.Calls} flags
 * @param databaseId hash of the database's name
 * @param callId one of the call ids of {@link org.ctdbj.protocol.Calls}
 * @param hopCount how often it has been forwarded
 * @param key the record's key
 * @param data call data; empty in all known uses
 */
public record ReqCall(
    Header header, int flags, int databaseId, int callId, int hopCount, Bytes key, Bytes data)
    implements Packet {
  @Override
  public ReqCall withHeader(Header newHeader) {
    return new ReqCall(newHeader, flags, databaseId, callId, hopCount, key, data);
  }
}
