// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

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
  static void run(LockCalls calls, FreeList freeList, RecordStore store) {
    var state = calls.state;
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
    long total = table.values().stream().mapToLong(List::size).sum();
    try (var load = BulkLoad.start(calls, freeList, store)) {
      for (List<byte[][]> entries : table.values()) {
        for (byte[][] entry : entries.reversed()) {
          if (!load.insert(entry[0], entry[1])) {
            throw TdbException.of(
                TdbError.EXISTS, state.path, "holds a key twice and cannot be repacked");
          }
          if (state.progress != null) {
            state.progress.at(load.count(), total);
          }
        }
      }
    }
  }
}
