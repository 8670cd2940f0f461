// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * A request by message, with the place for the answer.
 *
 * @param pnn node that the answer goes to
 * @param srvid service id that the answer goes to; 0 for none
 */
public record SrvidMessage(int pnn, long srvid) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 16;

  /** Reads it; more bytes may follow. */
  public static SrvidMessage decode(Bytes bytes) {
    var reader = new ByteReader("srvid_message", bytes);
    int pnn = reader.getInt("pnn");
    reader.skip(4);
    long srvid = reader.getLong("srvid");
    return new SrvidMessage(pnn, srvid);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(pnn).putInt(0).putLong(srvid).toBytes();
  }
}
