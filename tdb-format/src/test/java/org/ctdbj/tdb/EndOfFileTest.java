// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Growth of a file whose last record is free but not on the free list, or only looks so. Whatever
 * stands there must stay as it is, and the file must not grow without end.
 */
class EndOfFileTest {
  private static final int HASH_SIZE = 7;
  private static final long BOUND = 64L << 20;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static TdbOptions options() {
    return TdbOptions.of(TdbFlag.NOSYNC).withHashSize(HASH_SIZE);
  }

  private static Tdb create(Path path) {
    return Tdb.open(path, options().withCreate(true));
  }

  private static int word(Path path, long offset) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(path))
        .order(ByteOrder.nativeOrder())
        .getInt((int) offset);
  }

  private static void write(Path path, long offset, int... words) throws IOException {
    var buffer = ByteBuffer.allocate(4 * words.length).order(ByteOrder.nativeOrder());
    for (int word : words) {
      buffer.putInt(word);
    }
    try (var channel = Files.newByteChannel(path, StandardOpenOption.WRITE)) {
      channel.position(offset);
      channel.write(buffer.flip());
    }
  }

  private static byte[] range(Path path, long from, long to) throws IOException {
    return Arrays.copyOfRange(Files.readAllBytes(path), (int) from, (int) to);
  }

  private static void growBeyond(Tdb tdb, long size) {
    for (int i = 0; tdb.size() <= size; i++) {
      tdb.store(bytes("more " + i), new byte[900]);
    }
  }

  /**
   * A file with the records {@code b} and, as its last one, {@code a}, which is free and on no
   * list: the process that deleted it was killed before its last store.
   *
   * @return where that record begins
   */
  private static long crashedDelete(Path path) throws IOException {
    try (var tdb = create(path)) {
      tdb.store(bytes("a"), new byte[300]);
      tdb.store(bytes("b"), new byte[300]);
    }
    int top = word(path, TdbLayout.FREELIST_TOP);
    long size = Files.size(path);
    long last = size - word(path, size - TdbLayout.TAILER);
    try (var tdb = Tdb.open(path, options())) {
      assertTrue(tdb.delete(bytes("a")));
    }
    assertEquals(last, word(path, TdbLayout.FREELIST_TOP), "the record freed last");
    assertEquals(top, word(path, last), "which leads to the rest of the list");
    write(path, TdbLayout.FREELIST_TOP, top);
    return last;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCrashInADeleteDoesNotMakeTheFileGrowForEver(boolean transaction) throws IOException {
    Path path = dir.resolve("crash.tdb");
    long last = crashedDelete(path);
    long size = Files.size(path);
    byte[] before = range(path, last, size);
    try (var tdb = Tdb.open(path, options())) {
      if (transaction) {
        tdb.transactionStart();
      }
      growBeyond(tdb, size);
      if (transaction) {
        tdb.transactionCommit();
      }
      assertTrue(tdb.size() < BOUND, () -> "size " + tdb.size());
      assertNull(tdb.fetch(bytes("a")));
      assertArrayEquals(new byte[300], tdb.fetch(bytes("b")));
    }
    assertArrayEquals(before, range(path, last, size), "the record that is on no list");
    for (int round = 0; round < 3; round++) {
      long now = Files.size(path);
      try (var tdb = Tdb.open(path, options())) {
        growBeyond(tdb, now);
        assertTrue(tdb.size() < BOUND, () -> "size " + tdb.size());
      }
    }
    assertArrayEquals(before, range(path, last, size), "the record that is on no list");
  }

  @Test
  void repackBringsTheLostSpaceBack() throws IOException {
    Path path = dir.resolve("repack.tdb");
    crashedDelete(path);
    try (var tdb = Tdb.open(path, options())) {
      growBeyond(tdb, tdb.size());
      assertTrue(!tdb.check().isGood(), "space that is on no list is reported");
      tdb.repack();
      assertTrue(tdb.check().isGood(), () -> tdb.check().toString());
      assertArrayEquals(new byte[300], tdb.fetch(bytes("b")));
    }
  }

  @Test
  @Tag("interop")
  void libtdbGoesOnInTheNewSpace() throws IOException {
    Path path = dir.resolve("crash.tdb");
    long last = crashedDelete(path);
    long size = Files.size(path);
    byte[] before = range(path, last, size);
    try (var tdb = Tdb.open(path, options())) {
      growBeyond(tdb, size);
    }
    long grown = Files.size(path);
    try (var lib = LibTdb.start()) {
      lib.open("t", path, HASH_SIZE, 0);
      // The gap keeps its own merging off the record too.
      lib.call("freelist t");
      for (int i = 0; Files.size(path) == grown; i++) {
        lib.ok("store t " + LibTdb.hex(bytes("theirs " + i)) + " " + LibTdb.hex(new byte[900]));
      }
    }
    assertTrue(Files.size(path) < BOUND, () -> "size after libtdb's stores");
    assertArrayEquals(before, range(path, last, size), "the record that is on no list");
  }

  /** Words that look like the header of a free record of that many bytes. */
  private static int[] freeHeader(int fullLength) {
    return new int[] {0, fullLength - TdbLayout.RECORD_HEADER, 0, 0, 0, TdbLayout.MAGIC_FREE};
  }

  @Test
  void aValueThatLooksLikeAFreeRecordStays() throws IOException {
    Path path = dir.resolve("value.tdb");
    try (var tdb = create(path)) {
      tdb.store(bytes("last"), new byte[400]);
    }
    long size = Files.size(path);
    long record = size - word(path, size - TdbLayout.TAILER);
    long value = record + TdbLayout.RECORD_HEADER + 4;
    // Nobody writes such a tailer: this is the worst that damage, or a wish to harm, can do.
    int length = (int) (size - (value + 100));
    write(path, value + 100, freeHeader(length));
    write(path, size - TdbLayout.TAILER, length);
    assertUntouched(path, record, size);
    try (var tdb = Tdb.open(path, options())) {
      assertArrayEquals(range(path, value, value + 400), tdb.fetch(bytes("last")));
    }
  }

  @Test
  void aRecoveryAreaThatEndsLikeAFreeRecordStays() throws IOException {
    Path path = dir.resolve("area.tdb");
    try (var tdb = create(path)) {
      tdb.store(bytes("key"), new byte[40]);
      tdb.transactionStart();
      tdb.store(bytes("key"), new byte[50]);
      tdb.transactionCommit();
    }
    long size = Files.size(path);
    long area = Integer.toUnsignedLong(word(path, TdbLayout.OFF_RECOVERY_START));
    assertTrue(area != 0);
    assertEquals(
        size,
        area + TdbLayout.RECORD_HEADER + word(path, area + 4),
        "the recovery area is the last record");
    int length = 200;
    write(path, size - length, freeHeader(length));
    write(path, size - TdbLayout.TAILER, length);
    assertUntouched(path, area, size);
  }

  private static void assertUntouched(Path path, long from, long to) throws IOException {
    byte[] before = range(path, from, to);
    try (var tdb = Tdb.open(path, options())) {
      growBeyond(tdb, tdb.size());
      assertTrue(tdb.freeListSize() > 0);
      assertTrue(tdb.size() < BOUND, () -> "size " + tdb.size());
    }
    assertArrayEquals(before, range(path, from, to), "what only looks like a free record");
  }

  /** Without such an end nothing is spent: the new space joins the free record before it. */
  @Test
  void aListedLastRecordIsExtended() throws IOException {
    Path path = dir.resolve("listed.tdb");
    try (var tdb = create(path)) {
      tdb.store(bytes("a"), new byte[300]);
      tdb.store(bytes("b"), new byte[300]);
      tdb.delete(bytes("a"));
      long size = tdb.size();
      growBeyond(tdb, size);
      assertTrue(tdb.check().isGood(), () -> tdb.check().toString());
      assertEquals(0, tdb.statistics().dead().count());
    }
  }
}
