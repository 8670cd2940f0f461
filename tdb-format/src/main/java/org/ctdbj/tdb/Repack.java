// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Rewrites all records one after the other, so that the free space is in one piece. */
final class Repack {
  private Repack() {}

  /**
   * Runs inside a transaction the caller opened. The order in which records are stored again is
   * that of libtdb, which copies them to a table of as many chains with the Jenkins hash, new
   * records in front, and back.
   */
  static void run(TdbState state, RecordStore store) {
    var table = new TreeMap<Integer, List<byte[][]>>();
    new Traverse(state)
        .chainwise(
            (key, value) -> {
              int chain =
                  Integer.remainderUnsigned(TdbHash.jenkins(key, 0, key.length), state.hashSize);
              table.computeIfAbsent(chain, c -> new ArrayList<>(2)).add(new byte[][] {key, value});
              return true;
            });
    store.wipe();
    for (List<byte[][]> entries : table.values()) {
      for (byte[][] entry : entries.reversed()) {
        store.store(
            entry[0], state.hashOf(entry[0]), StoreMode.INSERT, MemorySegment.ofArray(entry[1]));
      }
    }
  }
}
