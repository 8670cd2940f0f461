// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 10: data for the one client that owns the tunnel id at the destination.
 *
 * @param header the common header
 * @param tunnelId number of the tunnel
 * @param flags not looked at by the daemon
 * @param data not looked at by the daemon
 */
public record ReqTunnel(Header header, long tunnelId, int flags, Bytes data) implements Packet {
  @Override
  public ReqTunnel withHeader(Header newHeader) {
    return new ReqTunnel(newHeader, tunnelId, flags, data);
  }
}
