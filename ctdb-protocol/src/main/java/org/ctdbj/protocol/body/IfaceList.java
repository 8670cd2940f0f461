// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * GET_IFACES.
 *
 * @param interfaces those that some public address of the node may be on
 */
public record IfaceList(List<Iface> interfaces) {
  /** Keeps its own copy of the list. */
  public IfaceList {
    interfaces = List.copyOf(interfaces);
  }

  /** Reads it; more bytes may follow. */
  public static IfaceList decode(Bytes bytes) {
    return new IfaceList(readList(new ByteReader("iface_list", bytes)));
  }

  /** Their number, then each. */
  static List<Iface> readList(ByteReader reader) {
    int count = reader.getCount("num", Iface.SIZE);
    List<Iface> interfaces = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      interfaces.add(Iface.read(reader));
    }
    return interfaces;
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(4 + Iface.SIZE * interfaces.size());
    writeList(writer, interfaces);
    return writer.toBytes();
  }

  static void writeList(ByteWriter writer, List<Iface> interfaces) {
    writer.putInt(interfaces.size());
    interfaces.forEach(each -> each.write(writer));
  }
}
