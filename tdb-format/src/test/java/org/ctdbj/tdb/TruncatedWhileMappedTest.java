// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Another process cuts a file that is mapped here. The machine reports that with a signal where the
 * memory is touched, which ends the JVM unless the code that touches it is made for that: so each
 * call is made often enough before to be compiled code.
 */
class TruncatedWhileMappedTest {
  private static final Path TRUNCATE = Path.of("/usr/bin/truncate");
  private static final int RECORDS = 200;
  private static final int LARGE = 64 * 1024;
  private static final int CALLS_TO_COMPILE = 12_000;

  @TempDir Path dir;

  private interface Call {
    void run(Tdb tdb, int i);
  }

  record Case(String name, int calls, Call call) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static byte[] key(int i) {
    return ("key " + i % RECORDS).getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  static List<Case> cases() {
    return List.of(
        new Case("fetch", CALLS_TO_COMPILE, (tdb, i) -> tdb.fetch(key(i))),
        new Case("exists", CALLS_TO_COMPILE, (tdb, i) -> tdb.exists(key(i))),
        new Case(
            "parse",
            CALLS_TO_COMPILE,
            (tdb, i) -> tdb.parse(key(i), value -> value.toArray(ValueLayout.JAVA_BYTE))),
        new Case("store the same", CALLS_TO_COMPILE, (tdb, i) -> tdb.store(key(i), new byte[500])),
        new Case(
            "store the same in parts",
            CALLS_TO_COMPILE,
            (tdb, i) ->
                tdb.store(
                    key(i),
                    StoreMode.REPLACE,
                    MemorySegment.ofArray(new byte[100]),
                    MemorySegment.ofArray(new byte[400]))),
        new Case(
            "store another",
            CALLS_TO_COMPILE,
            (tdb, i) -> {
              var value = new byte[500];
              value[499] = (byte) (1 + i / RECORDS);
              tdb.store(key(i), value);
            }),
        new Case(
            "delete",
            CALLS_TO_COMPILE,
            (tdb, i) -> {
              tdb.delete(key(i));
              tdb.store(key(i), new byte[500]);
            }),
        new Case("check", 60, (tdb, i) -> tdb.check()),
        new Case("summary", 60, (tdb, i) -> tdb.summary()),
        new Case("info", 60, (tdb, i) -> tdb.info()),
        new Case("rescue", 60, (tdb, i) -> tdb.rescue((key, value) -> true)),
        new Case("traverse", 60, (tdb, i) -> tdb.traverse((key, value) -> true)),
        new Case("traverse read", 60, (tdb, i) -> tdb.traverseRead((key, value) -> true)),
        new Case("traverse chains", 60, (tdb, i) -> tdb.traverseChains((key, value) -> true)),
        new Case("wipe", 60, (tdb, i) -> tdb.wipe()),
        new Case("free list", 60, (tdb, i) -> tdb.freeListSize()),
        new Case("repack", 20, (tdb, i) -> tdb.repack()),
        new Case(
            "transaction",
            60,
            (tdb, i) -> {
              tdb.transactionStart();
              tdb.store(key(i), new byte[500]);
              tdb.transactionCommit();
            }));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyCallSaysSo(Case c) throws Exception {
    assumeTrue(Files.isExecutable(TRUNCATE), "needs " + TRUNCATE);
    for (long size : new long[] {4096, 0}) {
      Path path = dir.resolve("cut" + size + ".tdb");
      var options =
          TdbOptions.of(TdbFlag.NOSYNC, TdbFlag.SEQNUM).withHashSize(1009).withCreate(true);
      var tdb = Tdb.open(path, options);
      try {
        for (int i = 0; i < RECORDS; i++) {
          tdb.store(key(i), new byte[500]);
        }
        int calls = size == 0 ? 1 : c.calls;
        for (int i = 0; i < calls; i++) {
          c.call.run(tdb, i);
        }
        truncate(path, size);
        fails(c, tdb, size);
      } finally {
        closeOrSaySo(tdb);
      }
    }
  }

  static List<Case> callsOnValues() {
    byte[] key = key(0);
    var large = new byte[LARGE];
    var parts = new MemorySegment[] {MemorySegment.ofArray(large).asSlice(0, 9), null};
    parts[1] = MemorySegment.ofArray(large).asSlice(9);
    return List.of(
        new Case("fetch", CALLS_TO_COMPILE, (tdb, i) -> tdb.fetch(key)),
        new Case(
            "parse",
            CALLS_TO_COMPILE,
            (tdb, i) -> tdb.parse(key, value -> value.toArray(ValueLayout.JAVA_BYTE))),
        new Case("store the same", 2 * CALLS_TO_COMPILE, (tdb, i) -> tdb.store(key, large)),
        new Case(
            "store the same in parts",
            2 * CALLS_TO_COMPILE,
            (tdb, i) -> tdb.store(key, StoreMode.REPLACE, parts)),
        new Case("append nothing", CALLS_TO_COMPILE / 4, (tdb, i) -> tdb.append(key, new byte[0])));
  }

  /** The record's header is still there: it is the value that is touched first. */
  @ParameterizedTest
  @MethodSource("callsOnValues")
  void aCutThroughAValueIsSaid(Case c) throws Exception {
    assumeTrue(Files.isExecutable(TRUNCATE), "needs " + TRUNCATE);
    Path path = dir.resolve("value.tdb");
    try (var tdb = Tdb.open(path, TdbOptions.defaults().withHashSize(7).withCreate(true))) {
      tdb.store(key(0), new byte[LARGE]);
      for (int i = 0; i < c.calls; i++) {
        c.call.run(tdb, i);
      }
      long value = Files.size(path) - LARGE * 5L / 4;
      truncate(path, value + LARGE / 2);
      assertThrows(TdbException.class, () -> c.call.run(tdb, 0));
    }
  }

  /** What lies before the cut may still be used. */
  private static void fails(Case c, Tdb tdb, long size) {
    if (c.name.equals("check") && size > 0) {
      assertTrue(!tdb.check().isGood());
      return;
    }
    int failures = 0;
    for (int i = 0; i < RECORDS; i++) {
      try {
        c.call.run(tdb, i);
      } catch (TdbException e) {
        failures++;
      }
    }
    assertTrue(failures > 0, "calls that fail");
  }

  private static void closeOrSaySo(Tdb tdb) {
    try {
      tdb.close();
    } catch (TdbException e) {
      assertEquals(tdb.path(), e.file());
    }
  }

  private static void truncate(Path path, long size) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(TRUNCATE.toString(), "-s", String.valueOf(size), path.toString())
            .inheritIO()
            .start();
    assertEquals(0, process.waitFor(), TRUNCATE.toString());
  }
}
