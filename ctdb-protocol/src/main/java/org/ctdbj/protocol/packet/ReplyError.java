// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

/**
 * Operation 4: a {@link ReqCall} or {@link ReqDmaster} could not be served. Never sent to a client.
 *
 * @param header the common header
 * @param status -1
 * @param message for the log
 */
public record ReplyError(Header header, int status, String message) implements Packet {
  @Override
  public ReplyError withHeader(Header newHeader) {
    return new ReplyError(newHeader, status, message);
  }
}
