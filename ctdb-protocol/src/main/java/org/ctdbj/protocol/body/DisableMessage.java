// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * A request to disable something for a time, with the place for the answer.
 *
 * @param pnn node that the answer goes to
 * @param srvid service id that the answer goes to; 0 for none
 * @param seconds for how long; 0 enables
 */
public record DisableMessage(int pnn, long srvid, int seconds) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 24;

  /** Reads it; more bytes may follow. */
  public static DisableMessage decode(Bytes bytes) {
    var reader = new ByteReader("disable_message", bytes);
    int pnn = reader.getInt("pnn");
    reader.skip(4);
    long srvid = reader.getLong("srvid");
    int seconds = reader.getInt("seconds");
    reader.skip(4);
    return new DisableMessage(pnn, srvid, seconds);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE)
        .putInt(pnn)
        .putInt(0)
        .putLong(srvid)
        .putInt(seconds)
        .putInt(0)
        .toBytes();
  }
}
