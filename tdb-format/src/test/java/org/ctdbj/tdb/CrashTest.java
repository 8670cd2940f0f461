// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A commit killed at any of its syncs leaves the old or the new contents, never a mixture, and a
 * file that is whole.
 */
class CrashTest {
  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The images of the file at each sync of one commit that changes "a", adds "b" and much more. */
  static List<Path> images(Path dir, int flags, boolean areaExists, boolean large)
      throws IOException {
    Path file = dir.resolve("live.tdb");
    var images = new ArrayList<Path>();
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true))) {
      tdb.store(bytes("a"), bytes("old"));
      tdb.store(bytes("keep"), new byte[300]);
      if (areaExists) {
        tdb.transactionStart();
        tdb.store(bytes("first"), bytes("transaction"));
        tdb.transactionCommit();
      }
      tdb.observeSyncs(
          () -> {
            Path image = dir.resolve("crash" + images.size() + ".tdb");
            images.add(image);
            try {
              Files.copy(file, image);
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      tdb.transactionStart();
      tdb.store(bytes("a"), bytes("new value, longer than the old one was"));
      tdb.store(bytes("b"), new byte[large ? 3_000_000 : 100]);
      tdb.transactionCommit();
      assertEquals(List.of(), tdb.check().findings());
    }
    return images;
  }

  @ParameterizedTest(name = "flags {0}, area exists {1}, large {2}")
  @CsvSource({
    "0,false,false",
    "0,true,false",
    "0,true,true",
    "0,false,true",
    "2064,true,true",
    "2064,false,false"
  })
  void everySyncPointRecovers(int flags, boolean areaExists, boolean large) throws IOException {
    var images = images(dir, flags, areaExists, large);
    // A commit that grew the file much may repack in a second transaction; that one's images hold
    // the new contents.
    assertTrue(images.size() >= 4, "four syncs per commit, not " + images.size());
    for (int i = 0; i < images.size(); i++) {
      // The copy is taken after the sync: 0 area written, 1 area valid, 2 data written, 3 area
      // invalid.
      boolean committed = i >= 3;
      try (var tdb = Tdb.open(images.get(i), TdbOptions.defaults())) {
        assertArrayEquals(
            bytes(committed ? "new value, longer than the old one was" : "old"),
            tdb.fetch(bytes("a")),
            "image " + i);
        if (committed) {
          assertEquals(large ? 3_000_000 : 100, tdb.fetch(bytes("b")).length);
        } else {
          assertNull(tdb.fetch(bytes("b")), "image " + i);
        }
        assertEquals(300, tdb.fetch(bytes("keep")).length);
        assertEquals(List.of(), tdb.check().findings(), "image " + i);
        tdb.store(bytes("after"), new byte[5000]);
        tdb.transactionStart();
        tdb.store(bytes("again"), new byte[5000]);
        tdb.transactionCommit();
        assertEquals(List.of(), tdb.check().findings(), "image " + i + " after a further commit");
      }
    }
  }

  @Tag("interop")
  @ParameterizedTest(name = "flags {0}, area exists {1}, large {2}")
  @CsvSource({"0,false,false", "0,true,true", "2064,true,false"})
  void libtdbRecoversOurCrashes(int flags, boolean areaExists, boolean large) throws IOException {
    try (var lib = LibTdb.start()) {
      var images = images(dir, flags, areaExists, large);
      for (int i = 0; i < images.size(); i++) {
        lib.open("t", images.get(i), 0, 0);
        String expected = i >= 3 ? "new value, longer than the old one was" : "old";
        assertEquals(
            "v" + LibTdb.hex(bytes(expected)),
            lib.call("get t " + LibTdb.hex(bytes("a"))),
            "image " + i);
        lib.ok("store t 31 32");
        lib.ok("close t");
      }
    }
  }

  @Tag("interop")
  @Test
  void libtdbCallsWhatWeRecoveredGood() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/tdbtool")),
        "needs tdbtool (Debian package tdb-tools)");
    for (Path image : images(dir, 0, false, true)) {
      Tdb.open(image, TdbOptions.defaults()).close();
      var process =
          new ProcessBuilder("/usr/bin/tdbtool", image.toString(), "check")
              .redirectErrorStream(true)
              .start();
      var out = new ByteArrayOutputStream();
      process.getInputStream().transferTo(out);
      assertTrue(process.waitFor(20, TimeUnit.SECONDS));
      assertTrue(
          out.toString(StandardCharsets.UTF_8).contains("Database integrity is OK"),
          image + ": " + out.toString(StandardCharsets.UTF_8));
    }
  }

  /** A commit given up after the file has grown for it; the reason makes no difference. */
  @ParameterizedTest(name = "flags {0}, area exists {1}, under lockAll {2}")
  @CsvSource({
    "0,false,false",
    "0,true,false",
    "0,false,true",
    "7233,false,false",
    "7233,true,true"
  })
  void cancelOfAPreparedCommitLeavesAWholeFile(int flags, boolean areaExists, boolean lockedBefore)
      throws IOException {
    Path file = dir.resolve("cancelled.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true))) {
      tdb.store(bytes("a"), bytes("old"));
      if (areaExists) {
        tdb.transactionStart();
        tdb.store(bytes("a"), bytes("older"));
        tdb.transactionCommit();
      }
      byte[] expected = tdb.fetch(bytes("a"));
      long size = Files.size(file);
      if (lockedBefore) {
        tdb.lockAll();
      }
      tdb.transactionStart();
      tdb.store(bytes("a"), bytes("never"));
      tdb.store(bytes("b"), new byte[3_000_000]);
      tdb.transactionPrepareCommit();
      assertTrue(Files.size(file) > size, "the file has not grown");
      tdb.transactionCancel();
      if (lockedBefore) {
        tdb.unlockAll();
      }
      assertEquals(List.of(), tdb.check().findings());
      assertArrayEquals(expected, tdb.fetch(bytes("a")));
      long grown = Files.size(file);
      tdb.store(bytes("c"), new byte[2_000_000]);
      assertEquals(grown, Files.size(file), "the space is used again");
      assertEquals(List.of(), tdb.check().findings());
    }
  }

  @Test
  void damagedRecoveryDataLeavesTheFileAsItIs() throws IOException {
    Path image = images(dir, 0, true, false).get(1);
    byte[] all = Files.readAllBytes(image);
    var file = java.nio.ByteBuffer.wrap(all).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    int area = file.getInt(TdbLayout.OFF_RECOVERY_START);
    file.putInt(area + TdbLayout.RECORD_HEADER + 4, 0x7FFFFFFF);
    Files.write(image, all);
    var e =
        org.junit.jupiter.api.Assertions.assertThrows(
            TdbException.class, () -> Tdb.open(image, TdbOptions.defaults()).close());
    assertEquals(TdbError.CORRUPT, e.error());
    assertEquals(area + TdbLayout.RECORD_HEADER, e.offset());
    assertArrayEquals(all, Files.readAllBytes(image));
  }

  @Test
  void readOnlyHandleRefusesToRecover() throws IOException {
    Path image = images(dir, 0, true, false).get(1);
    var e =
        org.junit.jupiter.api.Assertions.assertThrows(
            TdbException.class,
            () -> Tdb.open(image, TdbOptions.defaults().withReadOnly(true)).close());
    assertEquals(TdbError.CORRUPT, e.error());
  }
}
