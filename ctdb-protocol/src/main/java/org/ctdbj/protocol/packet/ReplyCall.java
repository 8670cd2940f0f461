// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 1: the answer to a {@link ReqCall}.
 *
 * @param header the common header
 * @param status 0
 * @param data what the call id asked for
 */
public record ReplyCall(Header header, int status, Bytes data) implements Packet {
  @Override
  public ReplyCall withHeader(Header newHeader) {
    return new ReplyCall(newHeader, status, data);
  }
}
