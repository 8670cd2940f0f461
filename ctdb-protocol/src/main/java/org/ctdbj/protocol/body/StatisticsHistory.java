// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * GET_STAT_HISTORY: statistics of the last intervals of StatHistoryInterval seconds, each counted
 * from 0.
 *
 * @param entries at most {@value #LENGTH}, the newest first
 */
public record StatisticsHistory(List<Statistics> entries) {
  /** Entries on the wire: those that are missing are sent as zeros. */
  public static final int LENGTH = 100;

  /** Bytes of the encoded body. */
  public static final int SIZE = 8 + LENGTH * Statistics.SIZE;

  /** Keeps its own copy of the list. */
  public StatisticsHistory {
    entries = List.copyOf(entries);
    if (entries.size() > LENGTH) {
      throw new IllegalArgumentException(
          "expected at most " + LENGTH + " entries, found " + entries.size());
    }
  }

  /** Reads it; more bytes may follow. */
  public static StatisticsHistory decode(Bytes bytes) {
    var reader = new ByteReader("statistics_list", bytes);
    int count = reader.getCount("num", Statistics.SIZE, LENGTH);
    reader.skip(4);
    List<Statistics> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      entries.add(Statistics.read(reader));
    }
    return new StatisticsHistory(entries);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE).putInt(LENGTH).putInt(0);
    entries.forEach(entry -> entry.write(writer));
    return writer.putZeros((LENGTH - entries.size()) * Statistics.SIZE).toBytes();
  }
}
