// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 5: data for whoever has registered the service id.
 *
 * @param header the common header
 * @param srvid service id
 * @param data not looked at by the daemon
 */
public record ReqMessage(Header header, long srvid, Bytes data) implements Packet {
  @Override
  public ReqMessage withHeader(Header newHeader) {
    return new ReqMessage(newHeader, srvid, data);
  }
}
