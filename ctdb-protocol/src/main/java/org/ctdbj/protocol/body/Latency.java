// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * Durations, summed up.
 *
 * @param count how many
 * @param min seconds
 * @param max seconds
 * @param total seconds
 */
public record Latency(int count, double min, double max, double total) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 32;

  /** Reads it; more bytes may follow. */
  public static Latency decode(Bytes bytes) {
    var reader = new ByteReader("latency", bytes);
    int count = reader.getInt("count");
    reader.skip(4);
    double min = reader.getDouble("min");
    double max = reader.getDouble("max");
    double total = reader.getDouble("total");
    return new Latency(count, min, max, total);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE)
        .putInt(count)
        .putInt(0)
        .putDouble(min)
        .putDouble(max)
        .putDouble(total)
        .toBytes();
  }
}
