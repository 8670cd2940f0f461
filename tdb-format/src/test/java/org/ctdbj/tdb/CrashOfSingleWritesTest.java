// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A process is killed between any two words that it writes outside a transaction. Nothing is
 * promised for the record at work then, but all others stay, for us and for libtdb, also when
 * either goes on with the file.
 */
@Tag("interop")
class CrashOfSingleWritesTest {
  private static final boolean EXHAUSTIVE = Boolean.getBoolean("ctdbj.crash.exhaustive");
  private static final int STEPS = EXHAUSTIVE ? 600 : 25;
  private static final int KEYS = 14;

  @TempDir Path fallback;
  private CrashBench bench;

  @BeforeEach
  void start() throws IOException {
    bench = new CrashBench(fallback);
  }

  @AfterEach
  void stop() throws IOException {
    bench.close();
  }

  /** Calls a random operation; answers the key that it is about. */
  private static byte[] step(Tdb tdb, Random random) {
    byte[] key = CrashBench.bytes("key" + random.nextInt(KEYS));
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> tdb.delete(key);
      case 3 -> tdb.append(key, CrashBench.value(random, 60));
      case 4 -> tdb.store(key, CrashBench.value(random, 3000));
      default -> tdb.store(key, CrashBench.value(random, 300));
    }
    return key;
  }

  /** Fills and fragments all that is free, so that the records to keep are what is next to it. */
  private static void goOn(Tdb tdb, Random random) {
    for (int i = 0; i < 60; i++) {
      byte[] key = CrashBench.bytes("x" + random.nextInt(30));
      if (random.nextInt(3) == 0) {
        tdb.delete(key);
      } else {
        tdb.store(key, CrashBench.value(random, 250));
      }
    }
  }

  private static Map<String, String> without(Map<String, String> contents, byte[] key) {
    var others = new HashMap<>(contents);
    others.remove(LibTdb.hex(key));
    others.keySet().removeIf(name -> name.startsWith("78"));
    return others;
  }

  @ParameterizedTest(name = "flags {0}, seed {1}")
  @CsvSource({"0, 1", "0x100, 2", "0x18, 3", "0x80, 4", "0x900, 5"})
  void othersStay(String bits, long seed) throws Exception {
    int flags = Integer.decode(bits);
    var random = new Random(seed);
    Path live = bench.file("live.tdb");
    Files.deleteIfExists(live);
    var options = TdbOptions.ofBits(flags).withHashSize(3).withCreate(true);
    var log = new ArrayList<RecordingIo.Op>();
    var findings = new CrashBench.Findings("flags " + bits + ", seed " + seed);
    try (var tdb = Tdb.open(live, options, io -> new RecordingIo(io, log))) {
      for (int i = 0; i < STEPS; i++) {
        byte[] before = Files.readAllBytes(live);
        var contents = CrashBench.contents(tdb);
        log.clear();
        byte[] key = step(tdb, random);
        if (log.size() > 1) {
          var others = without(contents, key);
          new CrashImages(before, List.copyOf(log), seed)
              .visit(0, image -> use(image, flags, key, others, random.nextInt(), findings));
        }
      }
      assertEquals(List.of(), tdb.check().findings());
    }
    assertTrue(findings.images > STEPS, findings.images + " images");
    findings.assertNone(STEPS);
  }

  private void use(
      CrashImages.Image image,
      int flags,
      byte[] key,
      Map<String, String> others,
      int seed,
      CrashBench.Findings findings)
      throws IOException {
    findings.images++;
    Path file = bench.write(image.bytes());
    String open = "open t " + file + " 0 " + flags + " 2";
    bench.lib.ok(open);
    findings.check(without(bench.libtdbContents(), key).equals(others), image, "libtdb's contents");
    String churned = bench.lib.call("churn t " + seed + " 60");
    findings.check(churned.equals("ok"), image, "libtdb goes on: " + churned);
    findings.check(
        without(bench.libtdbContents(), key).equals(others), image, "contents after libtdb");
    bench.lib.ok("close t");
    bench.write(image.bytes());
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags))) {
      findings.check(without(CrashBench.contents(tdb), key).equals(others), image, "contents");
      goOn(tdb, new Random(seed));
      findings.check(
          without(CrashBench.contents(tdb), key).equals(others), image, "contents after us");
    }
    bench.lib.ok(open);
    findings.check(
        without(bench.libtdbContents(), key).equals(others), image, "libtdb's contents after us");
    bench.lib.ok("close t");
  }
}
