// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Marked locks, locking with progress, and walks while others store and delete. */
class SharedUseTest {
  private static final int HASH_SIZE = 11;
  private static final int MUTEXES = 0x1C41;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path file() {
    return dir.resolve("shared.tdb");
  }

  private Tdb open(int flags) {
    return Tdb.open(file(), TdbOptions.ofBits(flags).withHashSize(HASH_SIZE).withCreate(true));
  }

  /** A key in a chain of the upper half. */
  private static byte[] upperKey(Tdb tdb) {
    int i = 0;
    while (tdb.chainOf(bytes("k" + i)) < 7) {
      i++;
    }
    return bytes("k" + i);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MUTEXES})
  void lockAllTellsHowFarItHasCome(int flags) {
    try (var one = open(flags);
        var two = one.reopen()) {
      byte[] key = upperKey(one);
      var calls = new ArrayList<Integer>();
      assertTrue(one.lockAll((locked, total) -> calls.add(locked)));
      assertEquals(List.of(HASH_SIZE), calls);
      assertFalse(two.tryLockChain(key));
      one.unlockAll();
      two.lockChain(key);
      calls.clear();
      assertFalse(
          one.lockAll(
              (locked, total) -> {
                calls.add(locked);
                return false;
              }),
          "given up");
      assertEquals(1, calls.size());
      assertTrue(calls.getFirst() <= two.chainOf(key), "locked so far: " + calls);
      try (var three = one.reopen()) {
        for (int i = 0; i < 30; i++) {
          byte[] free = bytes("free" + i);
          if (three.chainOf(free) != two.chainOf(key)) {
            assertTrue(three.tryLockChain(free), "nothing is left locked");
            three.unlockChain(free);
          }
        }
      }
      calls.clear();
      assertTrue(
          one.lockAll(
              (locked, total) -> {
                if (calls.isEmpty()) {
                  two.unlockChain(key);
                }
                assertEquals(HASH_SIZE, total);
                return calls.add(locked);
              }));
      assertTrue(calls.size() > 1, calls.toString());
      assertEquals(HASH_SIZE, calls.getLast());
      assertEquals(calls.stream().sorted().toList(), calls);
      one.unlockAll();
      two.lockChain(key);
      var stop = new IllegalStateException("stop");
      assertEquals(
          stop,
          assertThrows(
              IllegalStateException.class,
              () ->
                  one.lockAll(
                      (locked, total) -> {
                        throw stop;
                      })));
      two.unlockChain(key);
      assertTrue(two.tryLockAll(), "nothing is left locked");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MUTEXES})
  @Tag("interop")
  void marksStandForLocksThatLibtdbHolds(int flags) throws IOException {
    try (var tdb = open(flags);
        var other = tdb.reopen();
        var lib = LibTdb.startApi()) {
      byte[] key = bytes("k");
      String hex = LibTdb.hex(key);
      lib.ok("open t " + file() + " 0 " + flags + " 2");
      lib.ok("chainlock t " + hex);
      assertFalse(tdb.tryLockChain(key));
      tdb.markChain(key);
      tdb.store(key, bytes("under the mark"));
      assertFalse(other.tryLockChain(key), "libtdb holds it still");
      tdb.unmarkChain(key);
      assertFalse(tdb.tryLockChain(key));
      lib.ok("chainunlock t " + hex);
      lib.ok("lockall t");
      tdb.markAll();
      tdb.store(bytes("l"), bytes("v"));
      assertEquals(2, tdb.traverse((k, v) -> true));
      tdb.wipe();
      tdb.transactionStart();
      tdb.store(key, bytes("in a transaction"));
      tdb.transactionCommit();
      assertFalse(other.tryLockChain(key));
      tdb.unmarkAll();
      assertFalse(tdb.tryLockChain(key), "what was marked has not been unlocked");
      lib.ok("unlockall t");
      assertArrayEquals(bytes("in a transaction"), tdb.fetch(key));
      assertTrue(tdb.check().isGood());
      // The other way round: we hold the locks, libtdb marks.
      tdb.lockChain(key);
      lib.ok("chainlock_mark t " + hex);
      lib.ok("store t " + hex + " 31 0");
      lib.ok("chainlock_unmark t " + hex);
      assertEquals("error 3", lib.call("chainlock_nonblock t " + hex));
      assertArrayEquals(bytes("1"), tdb.fetch(key));
      tdb.unlockChain(key);
      tdb.lockAll();
      lib.ok("lockall_mark t");
      lib.ok("wipe_all t");
      lib.ok("lockall_unmark t");
      tdb.unlockAll();
      assertFalse(tdb.exists(key));
    }
  }

  @Test
  void marksAreForgottenOnClose() {
    try (var other = open(MUTEXES)) {
      var tdb = other.reopen();
      tdb.markChain(bytes("k"));
      tdb.markTransaction();
      tdb.close();
      assertTrue(other.tryLockAll());
    }
  }

  private static Void churn(Tdb shared, long seed, int rounds) {
    var random = new Random(seed);
    try (var tdb = shared.reopen()) {
      for (int i = 0; i < rounds; i++) {
        byte[] key = bytes("x" + random.nextInt(40));
        if (random.nextBoolean()) {
          tdb.store(key, new byte[1 + random.nextInt(200)]);
        } else {
          tdb.delete(key);
        }
      }
    }
    return null;
  }

  /** Deletes what it meets of the keys that come and go; the others are met once each time. */
  private static Void reap(Tdb shared, int rounds, List<String> stable) {
    try (var tdb = shared.reopen()) {
      for (int i = 0; i < rounds; i++) {
        var met = new ArrayList<String>();
        tdb.traverse(
            (key, value) -> {
              var name = new String(key, StandardCharsets.UTF_8);
              if (name.startsWith("x")) {
                tdb.delete(key);
                return true;
              }
              return met.add(name);
            });
        assertEquals(stable, met.stream().sorted().toList());
        met.clear();
        for (byte[] key = tdb.firstKey(); key != null; key = tdb.nextKey(key)) {
          var name = new String(key, StandardCharsets.UTF_8);
          if (name.startsWith("x")) {
            tdb.delete(key);
          } else {
            met.add(name);
          }
        }
        assertEquals(stable, met.stream().sorted().toList(), "firstKey and nextKey");
      }
    }
    return null;
  }

  /**
   * Not for writers that keep dead records (VOLATILE): like libtdb they use one again although a
   * walk stands on it, which can lose its way then.
   */
  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0x240, 0xC41, 0x248, MUTEXES})
  @Tag("interop")
  void walksMeetEveryRecordThatStays(int flags) throws Exception {
    var stable = new ArrayList<String>();
    try (var tdb = open(flags);
        var first = LibTdb.startApi();
        var second = LibTdb.startApi();
        var threads = Executors.newFixedThreadPool(3)) {
      for (int i = 0; i < 60; i++) {
        stable.add("stays" + (10 + i));
        tdb.store(bytes(stable.getLast()), new byte[i]);
      }
      first.ok("open t " + file() + " 0 " + flags + " 2");
      second.ok("open t " + file() + " 0 " + flags + " 2");
      first.send("churn t 4711 6000");
      second.send("reap t 60");
      List<Callable<Void>> work =
          List.of(
              () -> churn(tdb, 1, 6000),
              () -> churn(tdb, 2, 6000),
              () -> reap(tdb, 60, List.copyOf(stable)));
      for (var done : threads.invokeAll(work, 90, TimeUnit.SECONDS)) {
        done.get();
      }
      assertEquals("ok", first.receive());
      assertEquals("ok", second.receive());
      var report = tdb.check();
      assertEquals(List.of(), report.findings());
      first.ok("check t");
      tdb.traverse((key, value) -> key[0] != 'x' || tdb.delete(key));
      assertEquals(60, tdb.traverseRead((key, value) -> true));
    }
  }
}
