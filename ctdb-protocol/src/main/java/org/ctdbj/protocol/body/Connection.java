// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * A TCP connection of a client to a public address.
 *
 * @param src the client
 * @param dst the public address, and the port of the service
 */
public record Connection(SockAddr src, SockAddr dst) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 2 * SockAddr.SIZE;

  /** Reads it; more bytes may follow. */
  public static Connection decode(Bytes bytes) {
    return read(new ByteReader("connection", bytes));
  }

  static Connection read(ByteReader reader) {
    return new Connection(SockAddr.read(reader, "src"), SockAddr.read(reader, "dst"));
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    src.write(writer);
    dst.write(writer);
  }
}
