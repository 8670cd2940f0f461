// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * A public address and who hosts it: RELEASE_IP, TAKEOVER_IP, and the entries of {@link
 * PublicIpList}.
 *
 * @param pnn the host; {@link org.ctdbj.protocol.Pnn#UNKNOWN} for nobody
 * @param address the address; its port means nothing
 */
public record PublicIp(int pnn, SockAddr address) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 4 + SockAddr.SIZE;

  /** Reads it; more bytes may follow. */
  public static PublicIp decode(Bytes bytes) {
    return read(new ByteReader("public_ip", bytes));
  }

  static PublicIp read(ByteReader reader) {
    return new PublicIp(reader.getInt("pnn"), SockAddr.read(reader, "addr"));
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    writer.putInt(pnn);
    address.write(writer);
  }
}
