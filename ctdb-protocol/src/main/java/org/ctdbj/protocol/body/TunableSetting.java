// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * SET_TUNABLE.
 *
 * @param name of a tunable, in any case; may be unknown
 * @param value unsigned
 */
public record TunableSetting(String name, int value) {
  /** Reads it. The name may or may not end with a NUL; bytes behind it are ignored. */
  public static TunableSetting decode(Bytes bytes) {
    var reader = new ByteReader("tunable", bytes);
    int value = reader.getInt("value");
    return new TunableSetting(reader.getBytes("name", reader.getInt("length")).text(), value);
  }

  /** Its bytes. */
  public Bytes encode() {
    Bytes text = Bytes.ofTerminated(name);
    return new ByteWriter(8 + text.length())
        .putInt(value)
        .putInt(text.length())
        .put(text)
        .toBytes();
  }
}
