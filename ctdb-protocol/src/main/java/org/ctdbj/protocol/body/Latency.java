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

  /** No duration yet. */
  public static final Latency NONE = new Latency(0, 0, 0, 0);

  /** Reads it; more bytes may follow. */
  public static Latency decode(Bytes bytes) {
    return read(new ByteReader("latency", bytes));
  }

  static Latency read(ByteReader reader) {
    int count = reader.getInt("count");
    reader.skip(4);
    double min = reader.getDouble("min");
    double max = reader.getDouble("max");
    double total = reader.getDouble("total");
    return new Latency(count, min, max, total);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    writer.putInt(count).putInt(0).putDouble(min).putDouble(max).putDouble(total);
  }
}
