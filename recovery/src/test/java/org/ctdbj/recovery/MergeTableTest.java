// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordBuffer;
import org.junit.jupiter.api.Test;

/** The merge of copies, against a twin that goes through the nodes one by one as ctdbd does. */
class MergeTableTest {
  private static final int LEADER = 1;

  private record Copy(int source, Bytes key, Bytes data) {}

  @Test
  void mergesLikeTheSerialTwinInAnyOrderOfArrival() {
    for (long seed = 1; seed <= 300; seed++) {
      var random = new Random(seed);
      var copies = randomCopies(random);
      Map<Bytes, Bytes> expected = new HashMap<>();
      for (var copy : copies) {
        expected.merge(copy.key, copy.data, MergeTableTest::serial);
      }
      var arriving = new ArrayList<>(copies);
      Collections.shuffle(arriving, random);
      var table = new MergeTable(LEADER);
      for (var copy : arriving) {
        table.add(copy.key, copy.data, copy.source);
      }
      String message = "seed " + seed;
      assertEquals(expected.size(), table.size(), message);
      expected.values().removeIf(data -> data.length() == RecordHeader.SIZE);
      Map<Bytes, Bytes> found = new HashMap<>();
      var drain = table.drain(7, 1 + random.nextInt(3000), false);
      int count = 0;
      while (drain.hasNext()) {
        var buffer = RecordBuffer.decode(drain.next());
        assertEquals(7, buffer.databaseId());
        for (var record : buffer.records()) {
          found.put(record.key(), record.data());
          count++;
        }
      }
      assertEquals(count, drain.count(), message);
      assertEquals(count, found.size(), message);
      assertEquals(expected, found, message);
    }
  }

  @Test
  void rsnIsUnsigned() {
    var table = new MergeTable(LEADER);
    table.add(key("k"), data(-1, 0, 0, "new"), 0);
    table.add(key("k"), data(5, 0, 0, "old"), 1);
    assertEquals("new", only(table, false).from(RecordHeader.SIZE).text());
  }

  @Test
  void leaderBecomesDataMasterUnlessPersistent() {
    var table = new MergeTable(LEADER);
    table.add(key("k"), data(5, 0, RecordFlags.RO_HAVE_DELEGATIONS, "v"), 0);
    var taken = RecordHeader.decode(only(table, true));
    assertEquals(
        new RecordHeader(
            5, LEADER, RecordFlags.MIGRATED_WITH_DATA | RecordFlags.RO_HAVE_DELEGATIONS),
        taken);

    table = new MergeTable(LEADER);
    table.add(key("k"), data(5, 0, 0, "v"), 0);
    assertEquals(new RecordHeader(5, 0, 0), RecordHeader.decode(only(table, false)));
  }

  @Test
  void recordsWithoutDataAreLeftOutButOneEmptyBufferComes() {
    var table = new MergeTable(LEADER);
    table.add(key("gone"), data(9, 0, 0, ""), 0);
    table.add(key("gone"), data(8, 0, 0, "older"), 1);
    var drain = table.drain(3, 1000, true);
    assertTrue(drain.hasNext());
    assertEquals(new ByteWriter(8).putInt(3).putInt(0).toBytes(), drain.next());
    assertFalse(drain.hasNext());
    assertThrows(NoSuchElementException.class, drain::next);
  }

  @Test
  void bufferEndsWithTheRecordThatReachesTheLimit() {
    var table = new MergeTable(LEADER);
    for (int i = 0; i < 10; i++) {
      table.add(key("key" + i), data(1, 0, 0, "x".repeat(100)), 0);
    }
    // 8 + n * (16 + 4 + 24 + 100)
    var drain = table.drain(3, 8 + 3 * 144, true);
    var counts = new ArrayList<Integer>();
    while (drain.hasNext()) {
      counts.add(RecordBuffer.decode(drain.next()).records().size());
    }
    assertEquals(List.of(3, 3, 3, 1), counts);
  }

  @Test
  void largeRecordsTravelAlone() {
    var table = new MergeTable(LEADER);
    table.add(key("a"), data(1, 0, 0, "x".repeat(3_000_000)), 0);
    table.add(key("b"), data(1, 0, 0, "y"), 0);
    table.add(key("a"), data(2, 0, 0, "z".repeat(4_000_000)), 1);
    var drain = table.drain(3, 1_000_000, true);
    int bytes = 0;
    while (drain.hasNext()) {
      bytes += drain.next().length();
    }
    assertEquals(2, drain.count());
    assertTrue(bytes > 4_000_000 && bytes < 4_001_000);
  }

  @Test
  void recordShorterThanItsHeaderIsRefused() {
    var table = new MergeTable(LEADER);
    var short23 = Bytes.of(new byte[23]);
    assertThrows(ProtocolException.class, () -> table.add(key("k"), short23, 0));
  }

  /** Ascending by node, at most one copy of a key per node. */
  private static List<Copy> randomCopies(Random random) {
    var copies = new ArrayList<Copy>();
    int nodes = 1 + random.nextInt(4);
    int keys = 1 + random.nextInt(800);
    for (int source = 0; source < nodes; source++) {
      for (int i = 0; i < keys; i++) {
        if (random.nextInt(3) > 0) {
          copies.add(
              new Copy(
                  source,
                  key("key" + i),
                  data(
                      random.nextInt(3),
                      random.nextInt(nodes),
                      random.nextInt(),
                      "v".repeat(random.nextInt(4) * random.nextInt(40)))));
        }
      }
    }
    return copies;
  }

  private static Bytes serial(Bytes old, Bytes young) {
    var before = RecordHeader.decode(old);
    var after = RecordHeader.decode(young);
    if (after.rsn() < before.rsn() || (after.rsn() == before.rsn() && before.dmaster() != LEADER)) {
      return old;
    }
    return young;
  }

  private static Bytes only(MergeTable table, boolean takeOver) {
    var records = RecordBuffer.decode(table.drain(1, 1000, takeOver).next()).records();
    assertEquals(1, records.size());
    return records.getFirst().data();
  }

  private static Bytes key(String text) {
    return Bytes.ofText(text);
  }

  private static Bytes data(long rsn, int dmaster, int flags, String value) {
    var writer = new ByteWriter(64);
    new RecordHeader(rsn, dmaster, flags).encode(writer);
    return writer.put(Bytes.ofText(value)).toBytes();
  }
}
