// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file open here and in a libtdb process at the same time. */
@Tag("interop")
class LibTdbSharingTest {
  private static final int VOLATILE_DATABASE = 0x1C41;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x400, 0xC41, VOLATILE_DATABASE, 16})
  void eachSeesWhatTheOtherWrites(int flags) throws IOException {
    Path file = dir.resolve("shared.tdb");
    long seed = 99;
    var random = new Random(seed);
    try (var lib = LibTdb.start();
        var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(101).withCreate(true))) {
      lib.open("t", file, 0, flags);
      tdb.setMaxDead(5);
      for (int i = 0; i < 600; i++) {
        byte[] key = bytes("key" + random.nextInt(60));
        var value = new byte[random.nextInt(3000)];
        random.nextBytes(value);
        if (random.nextBoolean()) {
          tdb.store(key, value);
          assertEquals(
              "v" + LibTdb.hex(value).replace("-", ""), lib.call("get t " + LibTdb.hex(key)));
        } else {
          lib.ok("store t " + LibTdb.hex(key) + " " + LibTdb.hex(value));
          assertArrayEquals(value, tdb.fetch(key));
        }
        if (random.nextInt(3) == 0) {
          byte[] gone = bytes("key" + random.nextInt(60));
          boolean there = tdb.exists(gone);
          assertEquals(there ? "ok" : "absent", lib.call("delete t " + LibTdb.hex(gone)));
          assertFalse(tdb.exists(gone));
        }
      }
      assertEquals(lib.call("count t"), String.valueOf(tdb.traverseRead((k, v) -> true)));
      assertEquals(List.of(), tdb.check().findings(), "seed " + seed);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x400, VOLATILE_DATABASE})
  void lockAllExcludesBothWays(int flags) throws IOException {
    Path file = dir.resolve("locked.tdb");
    try (var lib = LibTdb.start();
        var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true))) {
      lib.open("t", file, 0, flags);
      lib.ok("lockall t");
      assertFalse(tdb.tryLockChain(bytes("k")));
      assertFalse(tdb.tryLockAll());
      lib.ok("unlockall t");
      assertTrue(tdb.tryLockChain(bytes("k")));
      tdb.store(bytes("k"), bytes("mine"));
      lib.send("store t " + LibTdb.hex(bytes("k")) + " " + LibTdb.hex(bytes("theirs")));
      // The other process waits for the chain: our value stands as long as we hold the lock.
      for (int i = 0; i < 1000; i++) {
        assertArrayEquals(bytes("mine"), tdb.fetch(bytes("k")));
      }
      assertFalse(lib.hasAnswer());
      tdb.unlockChain(bytes("k"));
      assertEquals("ok", lib.receive());
      assertArrayEquals(bytes("theirs"), tdb.fetch(bytes("k")));
    }
  }

  @Test
  void dumpIsThatOfTdbdump() throws IOException {
    Path tdbdump = Path.of("/usr/bin/tdbdump");
    Assumptions.assumeTrue(Files.isExecutable(tdbdump), "needs tdbdump (Debian package tdb-tools)");
    Path file = dir.resolve("dump.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withHashSize(7).withCreate(true))) {
      var all = new byte[256];
      for (int i = 0; i < 256; i++) {
        all[i] = (byte) i;
        tdb.store(new byte[] {(byte) i, 'k'}, bytes("value " + i));
      }
      tdb.store(bytes("all \"bytes\" \\"), all);
      tdb.store(bytes("empty"));
      var ours = new ByteArrayOutputStream();
      assertEquals(258, DumpFormat.dump(tdb, ours));
      var process = new ProcessBuilder(tdbdump.toString(), file.toString()).start();
      byte[] theirs = process.getInputStream().readAllBytes();
      assertEquals(
          new String(theirs, StandardCharsets.ISO_8859_1),
          ours.toString(StandardCharsets.ISO_8859_1));
    }
  }

  /**
   * tdb_check must not find fault with a file we call good; we may be stricter about one it calls
   * good.
   */
  @Test
  void checkAgreesWithTdbtool() throws IOException {
    Path tdbtool = Path.of("/usr/bin/tdbtool");
    Assumptions.assumeTrue(Files.isExecutable(tdbtool), "needs tdbtool (Debian package tdb-tools)");
    long seed = 31337;
    var random = new Random(seed);
    Path file = dir.resolve("check.tdb");
    try (var tdb =
        Tdb.open(file, TdbOptions.defaults().withHashSize(7).withCreate(true).withMaxDead(2))) {
      for (int i = 0; i < 200; i++) {
        tdb.store(bytes("k" + random.nextInt(50)), new byte[random.nextInt(40)]);
        tdb.delete(bytes("k" + random.nextInt(50)));
      }
    }
    byte[] good = Files.readAllBytes(file);
    int bad = 0;
    for (int round = 0; round < 60; round++) {
      byte[] damaged = good.clone();
      for (int i = 0; round > 0 && i < 8; i++) {
        int at = 168 + random.nextInt(good.length - 168);
        damaged[at] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, damaged);
      var process =
          new ProcessBuilder(tdbtool.toString(), file.toString(), "check")
              .redirectErrorStream(true)
              .start();
      boolean theirs =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .contains("integrity is OK");
      try (var tdb = Tdb.open(file, TdbOptions.defaults().withReadOnly(true))) {
        boolean ours = tdb.check().isGood();
        assertTrue(
            theirs || !ours, "seed " + seed + " round " + round + ": only tdbtool finds fault");
        bad += ours ? 0 : 1;
        if (round == 0) {
          assertTrue(ours && theirs);
        }
      }
    }
    assertTrue(bad > 10, "the damage was found " + bad + " times");
  }
}
