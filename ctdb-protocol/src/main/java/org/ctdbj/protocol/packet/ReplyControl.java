// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 8: the answer to a {@link ReqControl}.
 *
 * @param header the common header
 * @param status 0, a value, or a negative error
 * @param data the reply's body; empty when status is not 0
 * @param error text for people; empty for none
 */
public record ReplyControl(Header header, int status, Bytes data, String error) implements Packet {
  @Override
  public ReplyControl withHeader(Header newHeader) {
    return new ReplyControl(newHeader, status, data, error);
  }
}
