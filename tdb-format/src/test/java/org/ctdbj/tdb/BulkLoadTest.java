// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Filling an empty database. */
@SuppressWarnings("ByteBufferBackingArray") // all are wrapped arrays
class BulkLoadTest {
  private static final long SEED = 20261124;

  @TempDir Path dir;

  private Tdb create(String name, TdbFlag... flags) {
    return Tdb.open(dir.resolve(name), TdbOptions.of(flags).withCreate(true).withHashSize(7));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Different keys, also none, and values of 0 to some 1000 bytes. */
  private static Map<ByteBuffer, byte[]> records(int count) {
    var random = new Random(SEED);
    var records = new LinkedHashMap<ByteBuffer, byte[]>();
    records.put(ByteBuffer.wrap(new byte[0]), new byte[0]);
    while (records.size() < count) {
      byte[] key = new byte[random.nextInt(20)];
      random.nextBytes(key);
      byte[] value = new byte[random.nextInt(random.nextInt(20) == 0 ? 5000 : 100)];
      random.nextBytes(value);
      records.put(ByteBuffer.wrap(key), value);
    }
    return records;
  }

  private static void assertHolds(Tdb tdb, Map<ByteBuffer, byte[]> records) {
    assertEquals(List.of(), tdb.check().findings());
    assertEquals(records.size(), tdb.check().liveRecords());
    records.forEach((key, value) -> assertArrayEquals(value, tdb.fetch(key.array())));
  }

  /** Flags of libtdb: default; jenkins; other byte order; both; volatile, counting; unmapped. */
  @Tag("interop")
  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0, 2048, 16, 16 | 2048, 256 | 128, 8})
  void theFileIsThatOfLibtdb(int flags) throws IOException {
    var records = records(3000);
    Path theirs = dir.resolve("theirs");
    Path ours = dir.resolve("ours");
    try (var lib = LibTdb.start()) {
      lib.open("t", theirs, 7, flags);
      records.forEach(
          (key, value) -> lib.ok("insert t " + LibTdb.hex(key.array()) + " " + LibTdb.hex(value)));
      lib.ok("close t");
    }
    try (var tdb = Tdb.open(ours, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true));
        var load = tdb.bulkLoad()) {
      records.forEach((key, value) -> assertTrue(load.insert(key.array(), value)));
      assertEquals(3000, load.count());
    }
    assertEquals(-1L, Files.mismatch(theirs, ours), "seed " + SEED);
  }

  @Tag("interop")
  @Test
  void insideATransactionTheFileIsThatOfLibtdbToo() throws IOException {
    var records = records(500);
    Path theirs = dir.resolve("theirs");
    try (var lib = LibTdb.start()) {
      lib.open("t", theirs, 7, 0);
      lib.ok("start t");
      records.forEach(
          (key, value) -> lib.ok("insert t " + LibTdb.hex(key.array()) + " " + LibTdb.hex(value)));
      lib.ok("commit t");
      lib.ok("close t");
    }
    try (var tdb = create("ours")) {
      tdb.transactionStart();
      try (var load = tdb.bulkLoad()) {
        records.forEach((key, value) -> assertTrue(load.insert(key.array(), value)));
        assertEquals(
            TdbError.LOCK, assertThrows(TdbException.class, tdb::transactionCommit).error());
      }
      tdb.transactionCommit();
      assertHolds(tdb, records);
    }
    assertEquals(-1L, Files.mismatch(theirs, dir.resolve("ours")));
  }

  @Test
  void aCancelledTransactionTakesTheLoadBack() {
    try (var tdb = create("a")) {
      tdb.transactionStart();
      try (var load = tdb.bulkLoad()) {
        records(100).forEach((key, value) -> load.insert(key.array(), value));
      }
      tdb.transactionCancel();
      assertHolds(tdb, Map.of());
      try (var load = tdb.bulkLoad()) {
        assertTrue(load.insert(bytes("k"), bytes("v")));
      }
    }
  }

  @Test
  void anInMemoryDatabase() {
    var records = records(2000);
    try (var tdb = Tdb.inMemory("m", 3)) {
      try (var load = tdb.bulkLoad()) {
        records.forEach((key, value) -> assertTrue(load.insert(key.array(), value)));
      }
      records.forEach((key, value) -> assertArrayEquals(value, tdb.fetch(key.array())));
    }
  }

  @Test
  void partsArePutTogether() {
    try (var tdb = create("a");
        var load = tdb.bulkLoad()) {
      assertTrue(
          load.insert(
              bytes("k"), MemorySegment.ofArray(bytes("ab")), MemorySegment.ofArray(bytes("c"))));
      assertTrue(load.insert(bytes("none")));
      assertArrayEquals(bytes("abc"), tdb.fetch(bytes("k")));
      assertArrayEquals(new byte[0], tdb.fetch(bytes("none")));
    }
  }

  @Test
  void aKeyThatComesAgainChangesNothing() throws IOException {
    var records = records(2500);
    Path once = dir.resolve("once");
    Path twice = dir.resolve("twice");
    for (Path path : List.of(once, twice)) {
      try (var tdb = create(path.getFileName().toString());
          var load = tdb.bulkLoad()) {
        records.forEach(
            (key, value) -> {
              assertTrue(load.insert(key.array(), value));
              if (path.equals(twice)) {
                assertFalse(load.insert(key.array(), bytes("other")));
              }
            });
        if (path.equals(twice)) {
          records.forEach((key, _) -> assertFalse(load.insert(key.array(), bytes("other"))));
        }
        assertEquals(2500, load.count());
      }
    }
    assertEquals(-1L, Files.mismatch(once, twice));
  }

  /** The default hash gives (x + 32, y) and (x, y + 1) the same number. */
  @Test
  void differentKeysWithOneHash() {
    var keys =
        IntStream.range(0, 7).mapToObj(i -> new byte[] {(byte) (200 - 32 * i), (byte) i}).toList();
    assertEquals(1, keys.stream().map(k -> TdbHash.old(k, 0, 2)).distinct().count());
    try (var tdb = create("a")) {
      try (var load = tdb.bulkLoad()) {
        keys.forEach(key -> assertTrue(load.insert(key, key)));
        keys.forEach(key -> assertFalse(load.insert(key, bytes("x"))));
      }
      keys.forEach(key -> assertArrayEquals(key, tdb.fetch(key)));
    }
  }

  @ParameterizedTest(name = "{0} dead records may stay")
  @ValueSource(ints = {0, 5})
  void replacedValues(int maxDead) {
    var random = new Random(SEED);
    var model = new HashMap<ByteBuffer, byte[]>();
    try (var tdb = create("a")) {
      tdb.setMaxDead(maxDead);
      try (var load = tdb.bulkLoad()) {
        for (int i = 0; i < 3000; i++) {
          byte[] key = bytes("key " + random.nextInt(500));
          byte[] value = new byte[random.nextInt(200)];
          random.nextBytes(value);
          if (random.nextBoolean()) {
            load.replace(key, MemorySegment.ofArray(value));
            model.put(ByteBuffer.wrap(key), value);
          } else {
            boolean isNew = !model.containsKey(ByteBuffer.wrap(key));
            assertEquals(isNew, load.insert(key, value), "seed " + SEED + ", step " + i);
            if (isNew) {
              model.put(ByteBuffer.wrap(key), value);
            }
          }
        }
        assertEquals(model.size(), load.count());
      }
      assertEquals(0, tdb.check().deadRecords());
      assertHolds(tdb, model);
      // The number of dead records that may stay is what it was.
      byte[] one = model.keySet().iterator().next().array();
      tdb.delete(one);
      assertEquals(maxDead == 0 ? 0 : 1, tdb.check().deadRecords());
    }
  }

  @Test
  void onlyAnEmptyDatabase() {
    try (var tdb = create("a", TdbFlag.VOLATILE);
        var other = tdb.reopen()) {
      tdb.store(bytes("k"), bytes("v"));
      var refused = assertThrows(TdbException.class, tdb::bulkLoad);
      assertEquals(TdbError.EINVAL, refused.error());
      assertTrue(refused.getMessage().contains("only an empty database"), refused.getMessage());
      assertTrue(other.tryLockAll(), "the lock is given back");
      other.unlockAll();

      tdb.delete(bytes("k"));
      assertEquals(1, tdb.check().deadRecords());
      assertThrows(TdbException.class, tdb::bulkLoad, "a dead record is one too");
      tdb.wipe();
      try (var load = tdb.bulkLoad()) {
        assertTrue(load.insert(bytes("k"), bytes("v")));
      }
    }
  }

  @Test
  void whatTheHandleRefusesMeanwhile() {
    try (var tdb = create("a")) {
      try (var load = tdb.bulkLoad()) {
        load.insert(bytes("k"), bytes("v"));
        for (Runnable change :
            List.<Runnable>of(
                () -> tdb.store(bytes("a"), bytes("b")),
                () -> tdb.delete(bytes("k")),
                () -> tdb.append(bytes("k"), bytes("b")),
                tdb::wipe,
                tdb::repack,
                tdb::transactionStart,
                tdb::bulkLoad)) {
          var refused = assertThrows(TdbException.class, change::run);
          assertEquals(TdbError.LOCK, refused.error(), refused.getMessage());
        }
        assertTrue(load.insert(bytes("l"), bytes("v")));
        assertArrayEquals(bytes("v"), tdb.fetch(bytes("k")));
      }
      tdb.store(bytes("a"), bytes("b"));
      assertEquals(3, tdb.check().liveRecords());
    }
  }

  @Test
  void othersAreKeptOutUntilItIsClosed() {
    try (var tdb = create("a");
        var other = tdb.reopen()) {
      var load = tdb.bulkLoad();
      load.insert(bytes("k"), bytes("v"));
      assertFalse(other.tryLockChain(bytes("x")));
      load.close();
      load.close();
      assertTrue(other.tryLockChain(bytes("x")));
      other.unlockChain(bytes("x"));
      assertThrows(IllegalStateException.class, () -> load.insert(bytes("a"), bytes("b")));
      assertThrows(IllegalStateException.class, () -> load.replace(bytes("a")));
      assertEquals(1, other.check().liveRecords());
    }
  }

  @Test
  void aLockOfTheCallerOutlivesIt() {
    try (var tdb = create("a");
        var other = tdb.reopen()) {
      tdb.lockAll();
      tdb.bulkLoad().close();
      assertFalse(other.tryLockAll());
      tdb.unlockAll();
      assertTrue(other.tryLockAll());
    }
  }

  @Test
  void aReadOnlyHandleCannot() {
    create("a").close();
    try (var tdb = Tdb.open(dir.resolve("a"), TdbOptions.defaults().withReadOnly(true))) {
      assertEquals(TdbError.RDONLY, assertThrows(TdbException.class, tdb::bulkLoad).error());
    }
  }

  /** What libtdb's repack does, the order of the records included, is unchanged. */
  @Tag("interop")
  @Test
  void repackOfManyRecordsInFewChains() throws IOException {
    var records = records(3000);
    Path ours = dir.resolve("ours");
    Path theirs = dir.resolve("theirs");
    try (var tdb = create("ours")) {
      records.forEach((key, value) -> tdb.store(key.array(), value));
      records.keySet().stream().limit(1000).forEach(key -> tdb.delete(key.array()));
    }
    Files.copy(ours, theirs);
    byte[] before = Files.readAllBytes(ours);
    try (var lib = LibTdb.start()) {
      lib.open("t", theirs, 0, 0);
      lib.ok("repack t");
      lib.ok("close t");
    }
    try (var tdb = Tdb.open(ours, TdbOptions.defaults())) {
      tdb.repack();
      assertEquals(2000, tdb.check().liveRecords());
    }
    assertEquals(-1L, Files.mismatch(theirs, ours));
    assertNotEquals(-1, Arrays.mismatch(before, Files.readAllBytes(ours)));
  }
}
