// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handle does with files that are whole, foreign, cut or shared. */
class TdbFileTest {
  private static final int VOLATILE_DATABASE = 0x1C41;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path file() {
    return dir.resolve("test.tdb");
  }

  private static TdbOptions creating(int flags) {
    return TdbOptions.ofBits(flags).withHashSize(11).withCreate(true);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 0x400, 0xC41, VOLATILE_DATABASE, 0x45, 8, 0x80E})
  void storesFetchesDeletes(int flags) {
    try (var tdb = Tdb.open(file(), creating(flags))) {
      assertEquals(flags & ~0x200, tdb.flags() & ~0x200);
      assertEquals((flags & 0x1000) != 0, tdb.usesMutexes());
      assertNull(tdb.fetch(bytes("a")));
      tdb.store(bytes("a"), bytes("1"), bytes("23"));
      assertArrayEquals(bytes("123"), tdb.fetch(bytes("a")));
      assertEquals('2', (int) tdb.parse(bytes("a"), s -> (int) s.get(ValueLayout.JAVA_BYTE, 1)));
      assertNull(tdb.parse(bytes("b"), s -> 1));
      tdb.store(bytes("empty"));
      assertArrayEquals(new byte[0], tdb.fetch(bytes("empty")));
      assertTrue(tdb.exists(bytes("empty")));
      tdb.append(bytes("a"), bytes("45"));
      assertArrayEquals(bytes("12345"), tdb.fetch(bytes("a")));
      var one = MemorySegment.ofArray(bytes("x"));
      assertEquals(
          TdbError.EXISTS,
          assertThrows(TdbException.class, () -> tdb.store(bytes("a"), StoreMode.INSERT, one))
              .error());
      assertEquals(
          TdbError.NOEXIST,
          assertThrows(TdbException.class, () -> tdb.store(bytes("n"), StoreMode.MODIFY, one))
              .error());
      assertTrue(tdb.delete(bytes("a")));
      assertFalse(tdb.delete(bytes("a")));
      assertEquals(1, tdb.traverseRead((k, v) -> true));
      assertEquals(1, tdb.traverseChains((k, v) -> true));
      assertEquals(1, tdb.traverse((k, v) -> tdb.delete(k)));
      assertEquals(0, tdb.traverseRead((k, v) -> true));
      assertTrue(tdb.check().isGood());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x400, VOLATILE_DATABASE})
  void handlesOfOneProcessExcludeEachOther(int flags) {
    try (var one = Tdb.open(file(), creating(flags));
        var two = one.reopen()) {
      one.store(bytes("k"), bytes("v"));
      assertArrayEquals(bytes("v"), two.fetch(bytes("k")));
      one.lockChain(bytes("k"));
      one.lockChain(bytes("k"));
      assertFalse(two.tryLockChain(bytes("k")));
      one.unlockChain(bytes("k"));
      assertFalse(two.tryLockChain(bytes("k")));
      one.unlockChain(bytes("k"));
      assertTrue(two.tryLockChain(bytes("k")));
      assertFalse(one.tryLockAll());
      two.unlockChain(bytes("k"));
      assertTrue(one.tryLockAll());
      assertFalse(two.tryLockChain(bytes("k")));
      one.unlockAll();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x400, VOLATILE_DATABASE})
  void holderOfAllMayUseTransactions(int flags) {
    try (var one = Tdb.open(file(), creating(flags));
        var two = one.reopen()) {
      one.lockAll();
      one.transactionStart();
      one.store(bytes("k"), bytes("v"));
      one.transactionCommit();
      assertFalse(two.tryLockChain(bytes("k")), "the allrecord lock outlives the transaction");
      one.transactionStart();
      one.store(bytes("k"), bytes("w"));
      one.transactionCancel();
      assertArrayEquals(bytes("v"), one.fetch(bytes("k")));
      one.unlockAll();
      assertArrayEquals(bytes("v"), two.fetch(bytes("k")));
    }
  }

  @Test
  void nestedTransactions() {
    try (var tdb = Tdb.open(file(), creating(0))) {
      tdb.transactionStart();
      tdb.transactionStart();
      tdb.store(bytes("k"), bytes("v"));
      tdb.transactionCommit();
      assertTrue(tdb.inTransaction());
      tdb.transactionCommit();
      assertFalse(tdb.inTransaction());
      assertTrue(tdb.exists(bytes("k")));
      tdb.transactionStart();
      tdb.transactionStart();
      tdb.transactionCancel();
      tdb.store(bytes("l"), bytes("v"));
      assertThrows(TdbException.class, tdb::transactionCommit);
      assertFalse(tdb.inTransaction());
      assertFalse(tdb.exists(bytes("l")));
    }
    try (var tdb = Tdb.open(file(), TdbOptions.ofBits(0x400))) {
      tdb.transactionStart();
      assertEquals(
          TdbError.NESTING, assertThrows(TdbException.class, tdb::transactionStart).error());
      tdb.store(bytes("m"), bytes("v"));
      tdb.transactionPrepareCommit();
      assertEquals(
          TdbError.EINVAL,
          assertThrows(TdbException.class, () -> tdb.store(bytes("n"), bytes("v"))).error());
      assertEquals(TdbError.IO, assertThrows(TdbException.class, tdb::transactionCommit).error());
      assertFalse(tdb.inTransaction());
      assertFalse(tdb.exists(bytes("m")));
      tdb.transactionStart();
      tdb.store(bytes("m"), bytes("v"));
      tdb.transactionPrepareCommit();
      tdb.transactionCommit();
      assertTrue(tdb.exists(bytes("m")));
    }
  }

  @Test
  void firstOpenerClearsOthersDoNot() {
    try (var one = Tdb.open(file(), creating(VOLATILE_DATABASE))) {
      one.store(bytes("k"), bytes("v"));
      try (var two = Tdb.open(file(), TdbOptions.ofBits(VOLATILE_DATABASE))) {
        assertTrue(two.exists(bytes("k")));
      }
      assertTrue(one.exists(bytes("k")));
    }
    try (var three = Tdb.open(file(), TdbOptions.ofBits(VOLATILE_DATABASE).withHashSize(13))) {
      assertFalse(three.exists(bytes("k")));
      assertEquals(13, three.hashSize());
    }
  }

  @Test
  void foreignFilesAreRefusedAndKept() throws IOException {
    var random = new Random(7);
    for (int size : new int[] {1, 100, 168, 5000}) {
      var content = new byte[size];
      random.nextBytes(content);
      Files.write(file(), content);
      var e = assertThrows(TdbException.class, () -> Tdb.open(file(), creating(0)).close());
      assertTrue(e.getMessage().contains(file().toString()), e.getMessage());
      assertEquals(0, e.offset());
      assertFalse(e.expected().isEmpty());
      assertFalse(e.found().isEmpty());
      assertArrayEquals(content, Files.readAllBytes(file()));
    }
  }

  @Test
  void readOnlyHandles() throws IOException {
    try (var tdb = Tdb.open(file(), creating(0))) {
      tdb.store(bytes("k"), bytes("v"));
    }
    byte[] before = Files.readAllBytes(file());
    try (var tdb = Tdb.open(file(), TdbOptions.defaults().withReadOnly(true))) {
      assertArrayEquals(bytes("v"), tdb.fetch(bytes("k")));
      assertEquals(
          TdbError.RDONLY,
          assertThrows(TdbException.class, () -> tdb.store(bytes("k"), bytes("w"))).error());
      assertEquals(
          TdbError.RDONLY, assertThrows(TdbException.class, () -> tdb.delete(bytes("k"))).error());
      assertThrows(TdbException.class, tdb::transactionStart);
      assertThrows(TdbException.class, tdb::lockAll);
      assertEquals(1, tdb.freeListSize());
      assertTrue(tdb.check().isGood());
    }
    assertArrayEquals(before, Files.readAllBytes(file()));
  }

  @Test
  void truncationUnderneathIsAnErrorNotACrash() throws IOException {
    try (var tdb = Tdb.open(file(), creating(0))) {
      for (int i = 0; i < 2000; i++) {
        tdb.store(bytes("key" + i), new byte[100]);
      }
      try (var channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
        channel.truncate(4096);
      }
      int failures = 0;
      for (int i = 0; i < 2000; i++) {
        byte[] key = bytes("key" + i);
        try {
          tdb.fetch(key);
        } catch (TdbException e) {
          assertTrue(e.error() == TdbError.IO || e.error() == TdbError.CORRUPT, e.getMessage());
          failures++;
        }
      }
      assertTrue(failures > 0);
    }
  }

  @Test
  void randomDamageNeverCrashesOrHangs() throws IOException {
    long seed = 4711;
    var random = new Random(seed);
    try (var tdb = Tdb.open(file(), creating(0))) {
      for (int i = 0; i < 100; i++) {
        tdb.store(bytes("key" + i), new byte[random.nextInt(200)]);
      }
      for (int i = 0; i < 100; i += 3) {
        tdb.delete(bytes("key" + i));
      }
    }
    byte[] good = Files.readAllBytes(file());
    for (int round = 0; round < 150; round++) {
      byte[] bad = good.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bad[(random.nextInt(good.length / 4) * 4 + random.nextInt(4))] = (byte) random.nextInt(256);
      }
      Files.write(file(), bad);
      try (var tdb = Tdb.open(file(), TdbOptions.defaults())) {
        var _ = tdb.check();
        for (int i = 0; i < 100; i++) {
          try {
            byte[] value = tdb.fetch(bytes("key" + i));
            assertTrue(value == null || value.length <= good.length);
            tdb.store(bytes("key" + i), new byte[random.nextInt(300)]);
          } catch (TdbException e) {
            assertTrue(
                List.of(TdbError.CORRUPT, TdbError.IO, TdbError.OOM).contains(e.error()),
                "seed " + seed + " round " + round + ": " + e);
          }
        }
      } catch (TdbException e) {
        assertFalse(e.getMessage().isEmpty());
      }
    }
  }
}
