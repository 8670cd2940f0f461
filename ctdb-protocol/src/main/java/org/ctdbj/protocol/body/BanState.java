// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * SET_BAN_STATE, GET_BAN_STATE.
 *
 * @param pnn the node
 * @param seconds for how long; 0 for not at all
 */
public record BanState(int pnn, int seconds) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 8;

  /** Reads it; more bytes may follow. */
  public static BanState decode(Bytes bytes) {
    var reader = new ByteReader("ban_state", bytes);
    int pnn = reader.getInt("pnn");
    int seconds = reader.getInt("seconds");
    return new BanState(pnn, seconds);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(pnn).putInt(seconds).toBytes();
  }
}
