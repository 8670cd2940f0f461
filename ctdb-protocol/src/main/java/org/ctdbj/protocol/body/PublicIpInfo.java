// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * GET_PUBLIC_IP_INFO.
 *
 * @param ip the address and its host
 * @param activeIndex index in the list of the interface that it is on; {@link #NONE} if on none
 * @param interfaces those that it may be on
 */
public record PublicIpInfo(PublicIp ip, int activeIndex, List<Iface> interfaces) {
  /** The address is on no interface of the node. */
  public static final int NONE = 0xFFFFFFFF;

  /** Keeps its own copy of the list. */
  public PublicIpInfo {
    interfaces = List.copyOf(interfaces);
  }

  /** Reads it; more bytes may follow. */
  public static PublicIpInfo decode(Bytes bytes) {
    var reader = new ByteReader("public_ip_info", bytes);
    PublicIp ip = PublicIp.read(reader);
    int activeIndex = reader.getInt("active_idx");
    return new PublicIpInfo(ip, activeIndex, IfaceList.readList(reader));
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(PublicIp.SIZE + 8 + Iface.SIZE * interfaces.size());
    ip.write(writer);
    writer.putInt(activeIndex);
    IfaceList.writeList(writer, interfaces);
    return writer.toBytes();
  }
}
