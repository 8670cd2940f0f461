// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A handle that keeps a lock may remember where a record is, and must forget it as soon as another
 * handle can have moved it. Two handles by turns, each changing whatever the other has not locked,
 * beside a plain map.
 */
class HeldLockTest {
  private static final int STEPS = 8_000;
  private static final int KEYS = 12;

  @TempDir Path dir;

  private final Map<String, byte[]> expected = new TreeMap<>();
  private Random random;

  /** A handle, and how often it has locked which chain. */
  private static final class Side {
    private final Tdb tdb;
    private final Map<Integer, Integer> chains = new HashMap<>();
    private final Map<Integer, byte[]> keys = new HashMap<>();
    private int all;

    private Side(Tdb tdb) {
      this.tdb = tdb;
    }

    private boolean leaves(byte[] key, Side other) {
      return other.all == 0 && !other.chains.containsKey(tdb.chainOf(key));
    }
  }

  private byte[] key() {
    return new byte[] {'k', (byte) ('a' + random.nextInt(KEYS))};
  }

  private static String text(byte[] key) {
    return new String(key, StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest(name = "seed {0}, {1} chains, flags {2}")
  @CsvSource({"1, 1, 0", "2, 3, 0", "3, 1, 4096", "4, 3, 4096", "5, 2, 16", "6, 2, 8"})
  void anotherHandleChangesWhatIsNotLocked(int seed, int hashSize, int flags) throws IOException {
    random = new Random(seed);
    boolean mutexes = TdbFlag.MUTEX_LOCKING.in(flags);
    int all = mutexes ? flags | TdbFlag.CLEAR_IF_FIRST.bit() : flags;
    var options = TdbOptions.ofBits(all).withHashSize(hashSize).withCreate(true);
    Path file = dir.resolve("held.tdb");
    try (var first = Tdb.open(file, options);
        var second = Tdb.open(file, options)) {
      var sides = new Side[] {new Side(first), new Side(second)};
      for (int step = 0; step < STEPS; step++) {
        int i = random.nextInt(2);
        step(sides[i], sides[1 - i], mutexes);
      }
      for (Side side : sides) {
        release(side);
      }
      assertTrue(first.check().isGood());
      assertEquals(expected.size(), second.traverseRead((key, value) -> true));
    }
    Files.delete(file);
  }

  @Test
  void lockOfEverythingTakenAgain() {
    byte[] key = {'k'};
    byte[] large = new byte[5000];
    Path file = dir.resolve("all.tdb");
    try (var first = Tdb.open(file, TdbOptions.of().withCreate(true));
        var second = Tdb.open(file, TdbOptions.of())) {
      first.store(key, new byte[1]);
      first.lockAll();
      assertEquals(1, first.fetch(key).length);
      first.unlockAll();
      second.store(key, large);
      first.lockAll();
      assertArrayEquals(large, first.fetch(key));
      first.wipe();
      assertNull(first.fetch(key));
      first.unlockAll();
    }
  }

  private void step(Side side, Side other, boolean mutexes) {
    byte[] key = key();
    if (!side.leaves(key, other)) {
      release(random.nextBoolean() ? side : other);
      return;
    }
    switch (random.nextInt(16)) {
      case 0, 1 -> lock(side, key);
      case 2 -> release(side);
      case 3 -> lockAll(side, other);
      case 4, 5, 6 -> store(side, key);
      case 7 -> assertEquals(expected.remove(text(key)) != null, side.tdb.delete(key));
      case 8 -> append(side, key);
      case 9 -> assertEquals(expected.containsKey(text(key)), side.tdb.exists(key));
      case 10 -> {
        if (!mutexes && side.chains.isEmpty() && other.chains.isEmpty() && other.all == 0) {
          transaction(side);
        }
      }
      default -> fetch(side, key);
    }
  }

  private void lock(Side side, byte[] key) {
    if (side.all == 0) {
      assertTrue(side.tdb.tryLockChain(key));
      side.chains.merge(side.tdb.chainOf(key), 1, Integer::sum);
      side.keys.put(side.tdb.chainOf(key), key);
    }
  }

  private static void lockAll(Side side, Side other) {
    if (side.chains.isEmpty() && other.chains.isEmpty() && side.tdb.tryLockAll()) {
      side.all++;
    }
  }

  private static void release(Side side) {
    side.chains.forEach(
        (chain, count) -> {
          for (int i = 0; i < count; i++) {
            side.tdb.unlockChain(side.keys.get(chain));
          }
        });
    side.chains.clear();
    for (; side.all > 0; side.all--) {
      side.tdb.unlockAll();
    }
  }

  private byte[] value() {
    var value = new byte[random.nextInt(random.nextInt(8) == 0 ? 3000 : 60)];
    random.nextBytes(value);
    return value;
  }

  private void store(Side side, byte[] key) {
    byte[] value = value();
    side.tdb.store(key, value);
    expected.put(text(key), value);
  }

  private void append(Side side, byte[] key) {
    byte[] added = value();
    side.tdb.append(key, added);
    expected.merge(
        text(key),
        added,
        (old, more) -> {
          byte[] sum = Arrays.copyOf(old, old.length + more.length);
          System.arraycopy(more, 0, sum, old.length, more.length);
          return sum;
        });
    if (expected.get(text(key)).length > 20_000) {
      store(side, key);
    }
  }

  private void fetch(Side side, byte[] key) {
    byte[] found = side.tdb.fetch(key);
    assertArrayEquals(expected.get(text(key)), found, () -> "key " + text(key));
    Boolean same =
        side.tdb.parse(
            key,
            data -> Arrays.equals(data.toArray(ValueLayout.JAVA_BYTE), expected.get(text(key))));
    assertEquals(expected.containsKey(text(key)) ? true : null, same);
  }

  private void transaction(Side side) {
    var before = new TreeMap<>(expected);
    side.tdb.transactionStart();
    for (int i = random.nextInt(4); i >= 0; i--) {
      byte[] key = key();
      fetch(side, key);
      store(side, key);
    }
    if (random.nextBoolean()) {
      side.tdb.transactionCommit();
    } else {
      side.tdb.transactionCancel();
      expected.clear();
      expected.putAll(before);
    }
    fetch(side, key());
  }
}
