// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * GET_TUNABLE.
 *
 * @param name of a tunable, in any case; may be unknown
 */
public record TunableName(String name) {
  /** Reads it. The name may or may not end with a NUL; bytes behind it are ignored. */
  public static TunableName decode(Bytes bytes) {
    var reader = new ByteReader("tunable name", bytes);
    return new TunableName(reader.getBytes("name", reader.getInt("length")).text());
  }

  /** Its bytes. */
  public Bytes encode() {
    Bytes text = Bytes.ofTerminated(name);
    return new ByteWriter(4 + text.length()).putInt(text.length()).put(text).toBytes();
  }
}
