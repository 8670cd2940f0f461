// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Databases in memory, and files that a handle uses without mapping them. */
class UnmappedTest {
  private static final int NOMMAP = 8;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path file() {
    return dir.resolve("unmapped.tdb");
  }

  @Test
  void memoryHasRecordsButNoFile() throws IOException {
    try (var tdb = Tdb.inMemory("scratch", 7)) {
      assertEquals(2574, tdb.flags(), "as tdb_get_flags of libtdb");
      assertEquals(7, tdb.hashSize());
      for (int i = 0; i < 5000; i++) {
        tdb.store(bytes("key" + i), new byte[i % 300]);
      }
      assertEquals(299, tdb.fetch(bytes("key299")).length);
      assertEquals(5000, tdb.traverse((key, value) -> true));
      tdb.lockAll();
      tdb.unlockAll();
      assertTrue(tdb.check().isGood());
      assertEquals(5000, tdb.rescue((key, value) -> true));
      tdb.wipe();
      assertEquals(0, tdb.statistics().keys().count());
      assertEquals(
          TdbError.EINVAL, assertThrows(TdbException.class, tdb::transactionStart).error());
      assertEquals(TdbError.EINVAL, assertThrows(TdbException.class, tdb::repack).error());
      assertEquals(TdbError.EINVAL, assertThrows(TdbException.class, tdb::reopen).error());
    }
    try (var files = Files.list(dir)) {
      assertEquals(0, files.count());
    }
    assertFalse(Files.exists(Path.of("scratch")));
  }

  @Test
  void twoDatabasesInMemoryHaveNothingInCommon() {
    try (var one = Tdb.inMemory("scratch", 7);
        var two = Tdb.inMemory("scratch", 7)) {
      one.store(bytes("k"), bytes("v"));
      assertFalse(two.exists(bytes("k")));
    }
  }

  @Test
  void readOnlyMemoryRefusesAllThatWrites() {
    var options = TdbOptions.of(TdbFlag.INTERNAL).withReadOnly(true);
    try (var tdb = Tdb.open(Path.of("scratch"), options)) {
      var e = assertThrows(TdbException.class, () -> tdb.store(bytes("k"), bytes("v")));
      assertEquals(TdbError.RDONLY, e.error());
    }
  }

  @Test
  void mutexesNeedAMap() {
    for (int flags : new int[] {0x1008, 0x1002}) {
      var options = TdbOptions.ofBits(flags).withCreate(true);
      var e = assertThrows(TdbException.class, () -> Tdb.open(file(), options).close());
      assertEquals(TdbError.EINVAL, e.error());
    }
  }

  @Test
  @Tag("interop")
  void sharesAFileWithThoseWhoMapIt() throws IOException {
    var options = TdbOptions.ofBits(NOMMAP | 128).withHashSize(3).withCreate(true);
    try (var lib = LibTdb.startApi();
        var mapped = Tdb.open(file(), options.withFlags(128));
        var unmapped = Tdb.open(file(), options)) {
      lib.ok("open m " + file() + " 0 128 66");
      for (int i = 0; i < 300; i++) {
        byte[] key = bytes("k" + i % 20);
        byte[] value = new byte[i * 37 % 2000];
        switch (i % 3) {
          case 0 -> unmapped.store(key, value);
          case 1 -> mapped.store(key, value);
          default -> lib.ok("store m " + LibTdb.hex(key) + " " + LibTdb.hex(value) + " 0");
        }
        assertArrayEquals(value, unmapped.fetch(key));
        assertArrayEquals(value, mapped.fetch(key));
        assertEquals(value.length, (int) unmapped.parse(key, s -> (int) s.byteSize()));
        assertArrayEquals(value, LibTdb.bytes(lib.call("fetch m " + LibTdb.hex(key))));
      }
      unmapped.transactionStart();
      unmapped.store(bytes("in transaction"), bytes("v"));
      unmapped.transactionCommit();
      assertArrayEquals(bytes("v"), mapped.fetch(bytes("in transaction")));
      assertEquals(lib.call("get_seqnum m"), String.valueOf(unmapped.sequenceNumber()));
      assertTrue(unmapped.check().isGood());
      lib.ok("check m");
    }
  }

  @Test
  void truncationUnderneathIsAnError() throws IOException {
    var options = TdbOptions.ofBits(NOMMAP).withHashSize(3).withCreate(true);
    try (var tdb = Tdb.open(file(), options)) {
      tdb.store(bytes("k"), bytes("v"));
      assertEquals('v', (int) tdb.parse(bytes("k"), s -> (int) s.get(ValueLayout.JAVA_BYTE, 0)));
      try (var channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
        channel.truncate(200);
      }
      var e = assertThrows(TdbException.class, () -> tdb.fetch(bytes("k")));
      assertEquals(TdbError.IO, e.error());
    }
  }
}
