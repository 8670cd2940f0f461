// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A change that ends between any two of its writes to the file, as SIGKILL can end it, must cost
 * nothing but its own record and some space, also for those who then go on with the file.
 */
class InterruptedChangeTest {
  private static final int KEYS = 24;
  private static final int CHANGES = 40;
  private static final int CHANGES_AFTERWARDS = 60;
  private static final Set<String> WRITES = Set.of("writeInt", "writeHeader", "write", "grow");

  @TempDir Path dir;

  /** Where the process would have ended. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    Killed() {
      super(null, null, false, false);
    }
  }

  private static TdbOptions options(int maxDead) {
    var options = TdbOptions.of(TdbFlag.NOSYNC).withHashSize(3).withCreate(true);
    return maxDead == 0 ? options : options.withMaxDead(maxDead);
  }

  private static byte[] key(int i) {
    return ("key" + i).getBytes(StandardCharsets.US_ASCII);
  }

  /** Makes one change; null stands for no record in {@code model}. */
  private static void change(Tdb tdb, long seed, Map<Integer, byte[]> model) {
    var random = new Random(seed);
    int i = random.nextInt(KEYS);
    var value = new byte[random.nextInt(random.nextInt(8) == 0 ? 4000 : 400)];
    random.nextBytes(value);
    switch (random.nextInt(5)) {
      case 0, 1 -> {
        model.put(i, null);
        tdb.delete(key(i));
      }
      case 2 -> {
        byte[] old = model.get(i);
        int length = old == null ? 0 : old.length;
        var whole = new byte[length + value.length];
        if (old != null) {
          System.arraycopy(old, 0, whole, 0, length);
        }
        System.arraycopy(value, 0, whole, length, value.length);
        model.put(i, whole);
        tdb.append(key(i), value);
      }
      default -> {
        model.put(i, value);
        tdb.store(key(i), value);
      }
    }
  }

  private static int keyOf(long seed) {
    return new Random(seed).nextInt(KEYS);
  }

  /** The handle does no more than {@code writes} writes. */
  private static void killAfter(Tdb tdb, int writes) {
    TdbIo real = tdb.state.io;
    int[] left = {writes};
    tdb.state.io =
        (TdbIo)
            Proxy.newProxyInstance(
                TdbIo.class.getClassLoader(),
                new Class<?>[] {TdbIo.class},
                (proxy, method, arguments) -> {
                  if (WRITES.contains(method.getName()) && left[0]-- == 0) {
                    throw new Killed();
                  }
                  try {
                    return method.invoke(real, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
  }

  private static void assertSound(String when, Tdb tdb, Map<Integer, byte[]> model) {
    assertEquals(List.of(), ListedSpace.faults(tdb.state.io, tdb.hashSize()), when);
    model.forEach((i, value) -> assertArrayEquals(value, tdb.fetch(key(i)), when + ": key " + i));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void costsItsOwnRecordAtMost(long seed) throws IOException {
    interruptEverywhere(seed, 0, false);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {5, 6})
  void costsItsOwnRecordAtMostWhereDeadOnesAreKept(long seed) throws IOException {
    interruptEverywhere(seed, 3, false);
  }

  @Tag("interop")
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {7, 8})
  void libtdbCanGoOn(long seed) throws IOException {
    interruptEverywhere(seed, 0, true);
  }

  /** libtdb takes a record off the free list before it marks it as used. */
  @Test
  void recordMarkedFreeOnNoListDoesNotSwallowWhatIsAddedToTheFile() throws IOException {
    try (var tdb = Tdb.open(dir.resolve("swallow.tdb"), options(0))) {
      // All of the file is one free record then: new space comes right behind it.
      tdb.store(key(0), new byte[100]);
      tdb.delete(key(0));
      tdb.state.io.writeInt(TdbLayout.FREELIST_TOP, 0);
      long before = tdb.size();
      tdb.store(key(1), new byte[100]);
      assertTrue(tdb.size() < before + 100_000, "grown to " + tdb.size());
      assertArrayEquals(new byte[100], tdb.fetch(key(1)));
      assertEquals(List.of(), ListedSpace.faults(tdb.state.io, tdb.hashSize()));
    }
  }

  private void interruptEverywhere(long seed, int maxDead, boolean libtdb) throws IOException {
    Path file = dir.resolve("whole.tdb");
    Path killed = dir.resolve("killed.tdb");
    var model = new HashMap<Integer, byte[]>();
    int kills = 0;
    try (var tdb = Tdb.open(file, options(maxDead));
        var lib = libtdb ? LibTdb.start() : null) {
      for (int i = 0; i < 200; i++) {
        change(tdb, seed * 1000 + i, model);
      }
      for (int i = 0; i < CHANGES; i++) {
        long next = seed * 1000 + 500 + i;
        boolean whole = false;
        for (int writes = 0; !whole; writes++) {
          Files.write(killed, Files.readAllBytes(file));
          var left = new HashMap<>(model);
          try (var victim = Tdb.open(killed, options(maxDead))) {
            killAfter(victim, writes);
            change(victim, next, left);
            whole = true;
          } catch (Killed e) {
            kills++;
          }
          String when = "seed " + seed + ", change " + i + " killed after " + writes + " writes";
          goOn(when, killed, left, keyOf(next), next, lib);
        }
        change(tdb, next, model);
      }
    }
    assertTrue(kills > CHANGES, "only " + kills + " kills");
  }

  private static void goOn(
      String when, Path file, Map<Integer, byte[]> model, int inFlight, long seed, LibTdb lib)
      throws IOException {
    try (var tdb = Tdb.open(file, options(0))) {
      model.put(inFlight, tdb.fetch(key(inFlight)));
      assertSound(when, tdb, model);
      if (lib == null) {
        for (int i = 0; i < CHANGES_AFTERWARDS; i++) {
          change(tdb, seed * 77 + i, model);
        }
        assertSound(when + ", later", tdb, model);
        return;
      }
    }
    lib.open("t", file, 0, 0);
    var random = new Random(seed);
    for (int i = 0; i < CHANGES_AFTERWARDS; i++) {
      int k = random.nextInt(KEYS);
      if (random.nextBoolean()) {
        var value = new byte[random.nextInt(400)];
        random.nextBytes(value);
        model.put(k, value);
        lib.ok("store t " + LibTdb.hex(key(k)) + " " + LibTdb.hex(value));
      } else if (model.put(k, null) != null) {
        lib.ok("delete t " + LibTdb.hex(key(k)));
      }
    }
    lib.ok("close t");
    try (var tdb = Tdb.open(file, options(0))) {
      assertSound(when + ", later by libtdb", tdb, model);
    }
  }
}
