// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;

/**
 * A point in time as C programs send it, 16 bytes.
 *
 * @param seconds since 1970-01-01T00:00Z
 * @param micros microseconds after that
 */
public record TimeVal(long seconds, long micros) implements Comparable<TimeVal> {
  /** 1970-01-01T00:00Z; also: never. */
  public static final TimeVal ZERO = new TimeVal(0, 0);

  /** The time that is so many microseconds after 1970-01-01T00:00Z. */
  public static TimeVal ofMicros(long micros) {
    return new TimeVal(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L));
  }

  static TimeVal read(ByteReader reader, String field) {
    return new TimeVal(reader.getLong(field), reader.getLong(field));
  }

  void write(ByteWriter writer) {
    writer.putLong(seconds).putLong(micros);
  }

  @Override
  public int compareTo(TimeVal other) {
    int bySeconds = Long.compare(seconds, other.seconds);
    return bySeconds != 0 ? bySeconds : Long.compare(micros, other.micros);
  }
}
