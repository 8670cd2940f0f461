// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * ECHO_DATA: is sent back as it is.
 *
 * @param timeout how long the answer should be delayed; ctdbd 4.17 does not delay it
 * @param data anything
 */
public record EchoData(int timeout, Bytes data) {
  /** Reads it; more bytes may follow. */
  public static EchoData decode(Bytes bytes) {
    var reader = new ByteReader("echo_data", bytes);
    int timeout = reader.getInt("timeout");
    return new EchoData(timeout, reader.getBytes("data", reader.getInt("length")));
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(8 + data.length())
        .putInt(timeout)
        .putInt(data.length())
        .put(data)
        .toBytes();
  }
}
