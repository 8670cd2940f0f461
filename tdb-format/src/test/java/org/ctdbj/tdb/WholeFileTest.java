// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said about a whole file, and what is rescued from one, is what libtdb finds. */
@Tag("interop")
class WholeFileTest {
  private static final HexFormat HEX = HexFormat.of();

  @TempDir Path dir;

  private Path file() {
    return dir.resolve("whole.tdb");
  }

  /** A file with records of all kinds: live, dead, free, also in runs, and a recovery area. */
  private void fill(Tdb tdb, Random random, int keys) {
    for (int i = 0; i < keys; i++) {
      tdb.store(key(i), new byte[random.nextInt(120)]);
    }
    for (int i = 0; i < keys; i++) {
      if (random.nextInt(3) > 0) {
        tdb.delete(key(i));
      }
    }
    tdb.transactionStart();
    for (int i = 0; i < keys; i += 4) {
      tdb.store(key(i), new byte[random.nextInt(300)]);
    }
    tdb.transactionCommit();
    for (int i = 0; i < keys; i += 7) {
      tdb.delete(key(i));
    }
  }

  private static byte[] key(int i) {
    return ("k" + i).getBytes(StandardCharsets.UTF_8);
  }

  private static TdbOptions creating(int flags) {
    return TdbOptions.ofBits(flags).withHashSize(11).withCreate(true);
  }

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0, 16, 2048, 256, 16 | 256 | 2048, 0x1C41})
  void summaryIsThatOfLibtdb(int flags) throws IOException {
    long seed = 77L + flags;
    var random = new Random(seed);
    try (var lib = LibTdb.startApi();
        var tdb = Tdb.open(file(), creating(flags))) {
      for (int keys : new int[] {0, 1, 40, 400}) {
        fill(tdb, random, keys);
        // Opened anew: libtdb counts no further than to the size it saw last.
        lib.open("t", file(), 11, flags & ~1);
        var text = new String(LibTdb.bytes(lib.call("summary t")), StandardCharsets.UTF_8);
        assertEquals(text, tdb.summary(), "seed " + seed + ", " + keys + " keys");
        lib.ok("close t");
      }
      var numbers = tdb.statistics();
      assertEquals(tdb.info().liveRecords(), numbers.keys().count());
      assertEquals(Files.size(file()), numbers.fileSize());
      tdb.lockAll();
      assertEquals(numbers.toString(), tdb.summary(), "also under a lock of all");
      tdb.unlockAll();
    }
  }

  @Test
  void summaryOfSpaceThatACrashLeft() throws IOException {
    try (var lib = LibTdb.startApi()) {
      try (var tdb = Tdb.open(file(), creating(0))) {
        fill(tdb, new Random(5), 20);
      }
      byte[] good = Files.readAllBytes(file());
      Files.write(file(), java.util.Arrays.copyOf(good, good.length + 8192));
      try (var tdb = Tdb.open(file(), TdbOptions.defaults())) {
        lib.open("t", file(), 0, 0);
        var text = new String(LibTdb.bytes(lib.call("summary t")), StandardCharsets.UTF_8);
        assertEquals(text, tdb.summary());
      }
    }
  }

  @Test
  void summaryOfDamageSaysWhere() throws IOException {
    try (var tdb = Tdb.open(file(), creating(0))) {
      fill(tdb, new Random(5), 20);
    }
    byte[] bytes = Files.readAllBytes(file());
    int start = (int) TdbLayout.dataStart(11);
    bytes[start + TdbLayout.OFF_RECORD_MAGIC] ^= 1;
    Files.write(file(), bytes);
    try (var tdb = Tdb.open(file(), TdbOptions.defaults())) {
      var e = assertThrows(TdbException.class, tdb::summary);
      assertEquals(TdbError.CORRUPT, e.error());
      assertEquals(start, e.offset());
    }
  }

  private static String rescue(Tdb tdb) {
    var records = new ArrayList<String>();
    long count =
        tdb.rescue((key, value) -> records.add(HEX.formatHex(key) + "=" + HEX.formatHex(value)));
    assertEquals(records.size(), count);
    return sorted(records);
  }

  /** libtdb's order of equal keys is that of qsort. */
  private static String sorted(List<String> records) {
    Collections.sort(records);
    return "0 " + String.join(",", records);
  }

  private static String rescuedByLibtdb(LibTdb lib) {
    String answer = lib.call("rescue r");
    int space = answer.indexOf(' ');
    assertEquals("0", answer.substring(0, space), answer);
    return sorted(new ArrayList<>(List.of(answer.substring(space + 1).split(","))));
  }

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0, 16, 256, 2048, 16 | 256 | 2048})
  void rescuesWhatLibtdbRescues(int flags) throws IOException {
    long seed = 4711L + flags;
    var random = new Random(seed);
    try (var tdb = Tdb.open(file(), creating(flags))) {
      fill(tdb, random, 60);
    }
    byte[] good = Files.readAllBytes(file());
    int compared = 0;
    try (var lib = LibTdb.startApi()) {
      for (int round = 0; round < 120; round++) {
        Files.write(file(), damage(good, random, round));
        // Read-only: nothing repairs the file in between.
        String opened = lib.call("open r " + file() + " 0 0 0");
        Tdb tdb;
        try {
          tdb = Tdb.open(file(), TdbOptions.defaults().withReadOnly(true));
        } catch (TdbException e) {
          assertTrue(opened.startsWith("errno"), "seed " + seed + " round " + round + ": " + e);
          continue;
        }
        try (tdb) {
          String rescued = rescue(tdb);
          // libtdb opens no file whose recovery area is beyond its end.
          if (opened.equals("ok")) {
            assertEquals(rescuedByLibtdb(lib), rescued, "seed " + seed + " round " + round);
            compared++;
            lib.ok("close r");
          }
        }
      }
    }
    assertTrue(compared > 50, compared + " rounds could be compared");
  }

  private static byte[] damage(byte[] good, Random random, int round) {
    byte[] bad = good.clone();
    int used = Math.min(good.length, 24000);
    switch (round % 4) {
      case 0 -> {
        for (int i = random.nextInt(8); i >= 0; i--) {
          bad[168 + random.nextInt(used - 168)] = (byte) random.nextInt(256);
        }
      }
      case 1 -> {
        // A sector of zeros, but for the header.
        int at = 512 * (1 + random.nextInt(used / 512 - 1));
        java.util.Arrays.fill(bad, at, at + 512, (byte) 0);
      }
      case 2 -> {
        // Chain heads and free-list head that lead somewhere else.
        for (int i = 0; i < 4; i++) {
          int from = 168 + 4 * random.nextInt(12);
          int to = 168 + 4 * random.nextInt(12);
          System.arraycopy(good, from, bad, to, 4);
        }
      }
      default -> bad = java.util.Arrays.copyOf(bad, 2000 + random.nextInt(used));
    }
    return bad;
  }

  @Test
  void rescueCanBeStoppedAndSurvivesTheVisitor() throws IOException {
    try (var tdb = Tdb.open(file(), creating(0))) {
      fill(tdb, new Random(5), 60);
      assertEquals(1, tdb.rescue((key, value) -> false));
      assertThrows(
          TdbException.class,
          () -> tdb.rescue((key, value) -> tdb.delete(key)),
          "writing inside a rescue is refused");
      assertEquals(tdb.info().liveRecords(), tdb.rescue((key, value) -> true));
      tdb.store(key(1), key(2));
    }
  }
}
