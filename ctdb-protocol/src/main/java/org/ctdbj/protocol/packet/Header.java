// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

/**
 * The part of the 32-byte packet header that means something to the receiver; length, magic,
 * version and operation belong to the codec.
 *
 * @param generation generation of the vnn map at the sender (of the database, for the four record
 *     packets)
 * @param destination pnn of the receiver, or a special number of {@link org.ctdbj.protocol.Pnn}
 * @param source pnn of the sender; of the originator, for a forwarded {@link ReqCall}
 * @param reqid chosen by the requester, copied into the reply
 */
public record Header(int generation, int destination, int source, int reqid) {
  /** This header with another destination. */
  public Header to(int newDestination) {
    return new Header(generation, newDestination, source, reqid);
  }
}
