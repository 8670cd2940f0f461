// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.nio.charset.StandardCharsets;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;

/**
 * A network interface: SET_IFACE_LINK_STATE, and the entries of {@link IfaceList} and {@link
 * PublicIpInfo}.
 *
 * @param name at most {@value #MAX_NAME_BYTES} bytes in UTF-8
 * @param linkState 0 down, 1 up; other values are an error in SET_IFACE_LINK_STATE
 * @param references public addresses that are on it; 0 in SET_IFACE_LINK_STATE
 */
public record Iface(String name, int linkState, int references) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 24;

  /** Longest name; its field has one byte more, for the NUL. */
  public static final int MAX_NAME_BYTES = 17;

  private static final int NAME_FIELD = MAX_NAME_BYTES + 1;

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if it is too long
   */
  public Iface {
    if (encodedSize(name) > MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "interface name " + name + ": expected at most " + MAX_NAME_BYTES + " bytes");
    }
  }

  private static int encodedSize(String name) {
    return name.getBytes(StandardCharsets.UTF_8).length;
  }

  /** An interface whose link is up or down. */
  public static Iface of(String name, boolean up, int references) {
    return new Iface(name, up ? 1 : 0, references);
  }

  /** Whether the link is up. */
  public boolean up() {
    return linkState != 0;
  }

  /** Reads it; more bytes may follow. */
  public static Iface decode(Bytes bytes) {
    return read(new ByteReader("iface", bytes));
  }

  static Iface read(ByteReader reader) {
    Bytes name = reader.getBytes("name", NAME_FIELD);
    if (name.indexOf((byte) 0) < 0) {
      throw new ProtocolException(
          "iface: expected a NUL in the " + NAME_FIELD + " bytes of name, found none");
    }
    String text = name.text();
    if (encodedSize(text) > MAX_NAME_BYTES) {
      throw new ProtocolException("iface: expected a name in UTF-8, found " + name.hex());
    }
    return new Iface(text, reader.getShort("link_state"), reader.getInt("references"));
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    Bytes encoded = Bytes.ofText(name);
    writer
        .put(encoded)
        .putZeros(NAME_FIELD - encoded.length())
        .putShort(linkState)
        .putInt(references);
  }
}
