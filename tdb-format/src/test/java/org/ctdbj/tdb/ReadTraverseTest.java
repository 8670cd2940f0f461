// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A read traverse takes chains in pieces and lets go of the lock between them. */
class ReadTraverseTest {
  private static final int RECORDS = 300;

  /** More than one piece holds of them. */
  private static final int LARGE = 50_000;

  @TempDir Path dir;

  private static byte[] key(int i) {
    return ByteBuffer.allocate(4).putInt(i).array();
  }

  private static int number(byte[] key) {
    return ByteBuffer.wrap(key).getInt();
  }

  private Tdb open(int flags) {
    return Tdb.open(
        dir.resolve("t.tdb"), TdbOptions.ofBits(flags).withHashSize(1).withCreate(true));
  }

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0x400, 0x1C41, 0x404})
  void longChainIsSeenWholeAndOnce(int flags) {
    try (var tdb = open(flags)) {
      for (int i = 0; i < RECORDS; i++) {
        tdb.store(key(i), new byte[i % 7 == 0 ? LARGE : i]);
      }
      List<Integer> seen = new ArrayList<>();
      long count =
          tdb.traverseRead(
              (key, value) -> {
                int i = number(key);
                assertEquals(i % 7 == 0 ? LARGE : i, value.length);
                return seen.add(i);
              });
      assertEquals(RECORDS, count);
      assertEquals(RECORDS, seen.size());
      assertEquals(RECORDS, new HashSet<>(seen).size());
      assertEquals(100, tdb.traverseRead((key, value) -> number(key) != RECORDS - 100));
      assertTrue(tdb.tryLockAll(), "the traverse that was ended has left a lock");
    }
  }

  /** Deleting what a traverse stands on, by another holder, does not lead it astray. */
  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0x400, 0x1C41})
  void othersDeleteAndStoreMeanwhile(int flags) {
    try (var tdb = open(flags);
        var other = tdb.reopen()) {
      for (int i = 0; i < RECORDS; i++) {
        tdb.store(key(i), new byte[i]);
      }
      var seen = new HashSet<Integer>();
      long count =
          tdb.traverseRead(
              (key, value) -> {
                int i = number(key);
                assertTrue(seen.add(i), "seen twice: " + i);
                assertTrue(other.delete(key));
                other.store(key(i + RECORDS), new byte[i / 2]);
                return true;
              });
      assertEquals(RECORDS, count);
      assertEquals(RECORDS, seen.size());
      assertTrue(other.check().isGood());
      assertEquals(RECORDS, other.traverseRead((key, value) -> number(key) >= RECORDS));
    }
  }
}
