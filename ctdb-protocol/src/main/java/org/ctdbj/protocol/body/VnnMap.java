// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * Which node is location master for which keys.
 *
 * @param generation of the recovery that made the map
 * @param lmasters pnns of the location masters, by key hash modulo their number
 */
public record VnnMap(int generation, List<Integer> lmasters) {
  /** Keeps its own copy of the list. */
  public VnnMap {
    lmasters = List.copyOf(lmasters);
  }

  /** The location master of a key, by Jenkins' hash of it; the map must not be empty. */
  public int lmaster(int keyHash) {
    return lmasters.get(Integer.remainderUnsigned(keyHash, lmasters.size()));
  }

  /** Reads it. */
  public static VnnMap decode(Bytes bytes) {
    var reader = new ByteReader("vnn_map", bytes);
    int generation = reader.getInt("generation");
    int count = reader.getCount("size", 4);
    List<Integer> lmasters = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      lmasters.add(reader.getInt("pnn"));
    }
    return new VnnMap(generation, lmasters);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(8 + 4 * lmasters.size()).putInt(generation).putInt(lmasters.size());
    lmasters.forEach(writer::putInt);
    return writer.toBytes();
  }
}
