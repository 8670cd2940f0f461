// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

/**
 * Operation 9: a node shows that it is alive.
 *
 * @param header the common header
 * @param version of the software: major in the upper, minor in the lower 16 bits; 0 if the packet
 *     has no body
 * @param uptimeSeconds since the sender's daemon started
 */
public record ReqKeepalive(Header header, int version, int uptimeSeconds) implements Packet {
  @Override
  public ReqKeepalive withHeader(Header newHeader) {
    return new ReqKeepalive(newHeader, version, uptimeSeconds);
  }
}
