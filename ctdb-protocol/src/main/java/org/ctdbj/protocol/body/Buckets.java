// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;

/** Arrays of 16 counts. */
final class Buckets {
  static final int COUNT = 16;

  private Buckets() {}

  static List<Integer> read(ByteReader reader, String field) {
    List<Integer> counts = new ArrayList<>(COUNT);
    for (int i = 0; i < COUNT; i++) {
      counts.add(reader.getInt(field));
    }
    return counts;
  }

  static void write(ByteWriter writer, List<Integer> counts) {
    if (counts.size() != COUNT) {
      throw new IllegalArgumentException("expected " + COUNT + " counts, found " + counts.size());
    }
    counts.forEach(writer::putInt);
  }
}
