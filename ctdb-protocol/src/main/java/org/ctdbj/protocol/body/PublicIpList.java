// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * GET_PUBLIC_IPS.
 *
 * @param addresses the last line of the node's file of public addresses comes first
 */
public record PublicIpList(List<PublicIp> addresses) {
  /** Keeps its own copy of the list. */
  public PublicIpList {
    addresses = List.copyOf(addresses);
  }

  /** Reads it; more bytes may follow. */
  public static PublicIpList decode(Bytes bytes) {
    var reader = new ByteReader("public_ip_list", bytes);
    int count = reader.getCount("num", PublicIp.SIZE);
    List<PublicIp> addresses = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      addresses.add(PublicIp.read(reader));
    }
    return new PublicIpList(addresses);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(4 + PublicIp.SIZE * addresses.size()).putInt(addresses.size());
    addresses.forEach(address -> address.write(writer));
    return writer.toBytes();
  }
}
