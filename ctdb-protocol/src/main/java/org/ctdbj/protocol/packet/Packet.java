// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

/**
 * One packet of the protocol, decoded. Immutable; its byte fields may be views of the frame it came
 * in.
 */
public sealed interface Packet
    permits ReqCall,
        ReplyCall,
        ReqDmaster,
        ReplyDmaster,
        ReplyError,
        ReqMessage,
        ReqControl,
        ReplyControl,
        ReqKeepalive,
        ReqTunnel {
  /** The common header. */
  Header header();

  /** This packet with another header. */
  Packet withHeader(Header header);
}
