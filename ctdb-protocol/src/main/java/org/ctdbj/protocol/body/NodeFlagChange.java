// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * Flags of a node have changed.
 *
 * @param pnn the node
 * @param newFlags its flags now
 * @param oldFlags its flags before
 */
public record NodeFlagChange(int pnn, int newFlags, int oldFlags) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 12;

  /** Reads it; more bytes may follow. */
  public static NodeFlagChange decode(Bytes bytes) {
    var reader = new ByteReader("node_flag_change", bytes);
    int pnn = reader.getInt("pnn");
    int newFlags = reader.getInt("newFlags");
    int oldFlags = reader.getInt("oldFlags");
    return new NodeFlagChange(pnn, newFlags, oldFlags);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(pnn).putInt(newFlags).putInt(oldFlags).toBytes();
  }
}
