// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * ADD_PUBLIC_IP, DEL_PUBLIC_IP, SEND_GRATUITOUS_ARP.
 *
 * @param address the address; its port means nothing
 * @param maskBits length of the network prefix
 * @param interfaces names, separated by commas; empty for none
 */
public record AddrInfo(SockAddr address, int maskBits, String interfaces) {
  private static final int PREFIX = SockAddr.SIZE + 8;

  /** Reads it from exactly as many bytes as it has: a control of another size is refused. */
  public static AddrInfo decode(Bytes bytes) {
    var reader = new ByteReader("addr_info", bytes);
    SockAddr address = SockAddr.read(reader, "addr");
    int maskBits = reader.getInt("mask");
    Bytes interfaces = reader.getBytes("iface", reader.getInt("len"));
    reader.expectEnd();
    return new AddrInfo(address, maskBits, interfaces.text());
  }

  /** Its bytes. */
  public Bytes encode() {
    Bytes text = interfaces.isEmpty() ? Bytes.EMPTY : Bytes.ofTerminated(interfaces);
    var writer = new ByteWriter(PREFIX + text.length());
    address.write(writer);
    return writer.putInt(maskBits).putInt(text.length()).put(text).toBytes();
  }
}
