// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Records that stay in their chain after a delete, because the handle keeps some or because a
 * foreign traverse stands on them: kept, used again and given back where libtdb does that, to the
 * byte.
 */
@Tag("interop")
class DeadRecordTest {
  @TempDir Path dir;

  private static byte[] key(Random random) {
    return new byte[] {(byte) ('a' + random.nextInt(5)), (byte) ('a' + random.nextInt(5))};
  }

  private static byte[] value(Random random) {
    return new byte[random.nextInt(random.nextInt(10) == 0 ? 5000 : 120)];
  }

  @ParameterizedTest(name = "max_dead {0}, {1} chains, flags {2}")
  @CsvSource({
    "0, 1, 0",
    "1, 1, 0",
    "3, 7, 128",
    "5, 2, 2048",
    "50, 1, 16",
    "5, 7, 256",
    "2, 3, 8",
    "5, 3, 64"
  })
  void sameBytesAsLibtdb(int maxDead, int hashSize, int flags) throws IOException {
    long seed = 97L * maxDead + hashSize + flags;
    var random = new Random(seed);
    Path theirs = dir.resolve("libtdb.tdb");
    Path ours = dir.resolve("ours.tdb");
    long deadSeen = 0;
    var options = TdbOptions.ofBits(flags).withHashSize(hashSize).withCreate(true);
    try (var lib = LibTdb.startApi();
        var walker = LibTdb.startApi();
        var tdb = Tdb.open(ours, options.withMaxDead(maxDead))) {
      lib.ok("open t " + theirs + " " + hashSize + " " + flags + " 66");
      lib.ok("set_max_dead t " + maxDead);
      walker.ok("open theirs " + theirs + " 0 0 2");
      walker.ok("open ours " + ours + " 0 0 2");
      boolean open = false;
      byte[] standsOn = null;
      for (int step = 0; step < 300; step++) {
        byte[] key = key(random);
        String hex = LibTdb.hex(key);
        switch (random.nextInt(12)) {
          case 0, 1, 2, 3 -> {
            byte[] value = value(random);
            lib.ok("store t " + hex + " " + LibTdb.hex(value) + " 0");
            tdb.store(key, value);
          }
          case 4, 5, 6, 7 -> {
            String answer = lib.call("delete t " + hex);
            assertEquals(answer.equals("ok"), tdb.delete(key), answer);
          }
          case 8 -> {
            byte[] value = value(random);
            lib.ok("append t " + hex + " " + LibTdb.hex(value));
            tdb.append(key, value);
          }
          case 9 -> standsOn = walk(walker, standsOn);
          case 10 -> assertSameRecords(lib, tdb, hashSize);
          default -> {
            if (!open) {
              lib.ok("transaction_start t");
              tdb.transactionStart();
              open = true;
            } else if (random.nextInt(3) > 0) {
              // A commit waits until nobody stands on a record.
              while (standsOn != null) {
                standsOn = walk(walker, standsOn);
              }
              lib.ok("transaction_commit t");
              tdb.transactionCommit();
              open = false;
            } else {
              lib.ok("transaction_cancel t");
              tdb.transactionCancel();
              open = false;
            }
          }
        }
        if (step % 100 == 99) {
          int changed = random.nextInt(6);
          lib.ok("set_max_dead t " + changed);
          tdb.setMaxDead(changed);
        }
        assertEquals(
            -1,
            Arrays.mismatch(Files.readAllBytes(theirs), Files.readAllBytes(ours)),
            "first different byte, seed " + seed + " step " + step);
        if (!open && step % 8 == 0) {
          var report = tdb.check();
          assertEquals(List.of(), report.findings(), "seed " + seed + " step " + step);
          lib.ok("check t");
          deadSeen += report.deadRecords();
        }
      }
    }
    assertTrue(deadSeen > 0, "no check has met a dead record");
  }

  /** One step of a walk through both files; null at the end. */
  private static byte[] walk(LibTdb walker, byte[] from) {
    String call = from == null ? "firstkey " : "nextkey ";
    String key = from == null ? "" : " " + LibTdb.hex(from);
    String theirs = walker.call(call + "theirs" + key);
    String ours = walker.call(call + "ours" + key);
    if (theirs.startsWith("none")) {
      assertTrue(ours.startsWith("none"), ours);
      return null;
    }
    assertEquals(theirs, ours);
    return LibTdb.bytes(ours);
  }

  private static void assertSameRecords(LibTdb lib, Tdb tdb, int hashSize) {
    var records = new ArrayList<String>();
    RecordVisitor visitor =
        (key, value) ->
            records.add(HexFormat.of().formatHex(key) + "=" + HexFormat.of().formatHex(value));
    tdb.traverseRead(visitor);
    assertEquals(
        lib.call("traverse_read t"), records.size() + " " + String.join(",", records), "read");
    records.clear();
    tdb.traverse(visitor);
    assertEquals(lib.call("traverse t"), records.size() + " " + String.join(",", records), "write");
    records.clear();
    tdb.traverseChain(hashSize - 1, visitor);
    assertEquals(
        lib.call("traverse_chain t " + (hashSize - 1)),
        records.size() + " " + String.join(",", records),
        "chain");
  }
}
