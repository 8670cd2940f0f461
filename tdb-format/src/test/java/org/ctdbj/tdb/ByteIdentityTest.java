// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.ctdbj.tdb.lock.MutexArea;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same operations, done by libtdb and by us, leave the same bytes. */
@Tag("interop")
class ByteIdentityTest {
  @TempDir Path dir;

  static Stream<Arguments> kinds() {
    var kinds = new ArrayList<Arguments>();
    int[] sizes = {1, 7, 131};
    int[] flags = {
      0,
      2048,
      128,
      256,
      2048 | 128 | 256,
      16,
      16 | 2048 | 128,
      64 | 128,
      8 | 128,
      8 | 16 | 256 | 128
    };
    long seed = 20261123;
    for (int i = 0; i < flags.length; i++) {
      kinds.add(Arguments.of(flags[i], sizes[i % sizes.length], seed + i, false));
      kinds.add(Arguments.of(flags[i], sizes[(i + 1) % sizes.length], seed + 100 + i, true));
    }
    return kinds.stream();
  }

  @ParameterizedTest(name = "flags {0}, {1} chains, seed {2}, transactions {3}")
  @MethodSource("kinds")
  void sameOperationsSameBytes(int flags, int hashSize, long seed, boolean transactions)
      throws IOException {
    Path theirs = dir.resolve("libtdb.tdb");
    Path ours = dir.resolve("ours.tdb");
    var random = new Random(seed);
    try (var lib = LibTdb.start()) {
      lib.open("t", theirs, hashSize, flags);
      try (var tdb =
          Tdb.open(ours, TdbOptions.ofBits(flags).withHashSize(hashSize).withCreate(true))) {
        assertSame(theirs, ours, "after creation");
        boolean open = false;
        for (int step = 0; step < 400; step++) {
          String done;
          int kind = random.nextInt(transactions ? 24 : 20);
          byte[] key = key(random);
          if (kind < 10) {
            byte[] value = value(random);
            lib.ok("store t " + LibTdb.hex(key) + " " + LibTdb.hex(value));
            tdb.store(key, value);
            done = "store " + key.length + "+" + value.length;
          } else if (kind < 12) {
            byte[] value = value(random);
            lib.ok("append t " + LibTdb.hex(key) + " " + LibTdb.hex(value));
            tdb.append(key, value);
            done = "append " + value.length;
          } else if (kind < 19) {
            String answer = lib.call("delete t " + LibTdb.hex(key));
            assertEquals(answer.equals("ok"), tdb.delete(key), answer);
            done = "delete " + answer;
          } else if (kind < 20) {
            if (random.nextInt(8) == 0) {
              lib.ok("wipe t");
              tdb.wipe();
              done = "wipe";
            } else if (!open && random.nextInt(4) == 0) {
              lib.ok("repack t");
              tdb.repack();
              done = "repack";
            } else {
              assertEquals(lib.call("freelist t"), String.valueOf(tdb.freeListSize()));
              done = "freelist";
            }
          } else if (!open) {
            lib.ok("start t");
            tdb.transactionStart();
            open = true;
            done = "start";
          } else {
            open = false;
            if (random.nextInt(3) == 0) {
              lib.ok("cancel t");
              tdb.transactionCancel();
              done = "cancel";
            } else {
              lib.ok("commit t");
              tdb.transactionCommit();
              done = "commit";
            }
          }
          if (step % 5 == 0 || kind >= 19) {
            assertSame(theirs, ours, "seed " + seed + " step " + step + " " + done);
          }
        }
        if (open) {
          lib.ok("commit t");
          tdb.transactionCommit();
        }
        assertEquals(lib.call("seqnum t"), String.valueOf(tdb.sequenceNumber()));
        assertSame(theirs, ours, "at the end");
        assertEquals(java.util.List.of(), tdb.check().findings());
      }
    }
  }

  /** The whole file, mutexes included; once they are used, only the part behind them. */
  @ParameterizedTest(name = "{0} chains")
  @ValueSource(ints = {7, 100001})
  void sameFileWithMutexes(int hashSize) throws IOException {
    int flags = 0x1C41;
    Path theirs = dir.resolve("libtdb.tdb");
    Path ours = dir.resolve("ours.tdb");
    long seed = 4711;
    var random = new Random(seed);
    try (var lib = LibTdb.start()) {
      lib.open("t", theirs, hashSize, flags);
      try (var tdb =
          Tdb.open(ours, TdbOptions.ofBits(flags).withHashSize(hashSize).withCreate(true))) {
        assertSame(theirs, ours, "after creation");
        for (int step = 0; step < 200; step++) {
          byte[] key = key(random);
          byte[] value = value(random);
          if (random.nextInt(4) == 0) {
            boolean deleted = tdb.delete(key);
            assertEquals(deleted ? "ok" : "absent", lib.call("delete t " + LibTdb.hex(key)));
          } else {
            lib.ok("store t " + LibTdb.hex(key) + " " + LibTdb.hex(value));
            tdb.store(key, value);
          }
        }
        lib.ok("start t");
        tdb.transactionStart();
        lib.ok("store t 31 3132");
        tdb.store(new byte[] {0x31}, new byte[] {0x31, 0x32});
        lib.ok("commit t");
        tdb.transactionCommit();
        byte[] a = Files.readAllBytes(theirs);
        byte[] b = Files.readAllBytes(ours);
        int data = (int) MutexArea.size(hashSize);
        assertEquals(
            -1,
            Arrays.mismatch(a, data, a.length, b, data, b.length),
            "first different byte behind the mutexes, seed " + seed);
        assertEquals(-1, Arrays.mismatch(a, 0, TdbLayout.HEADER_SIZE, b, 0, TdbLayout.HEADER_SIZE));
      }
    }
  }

  private static byte[] key(Random random) {
    var key = new byte[1 + random.nextInt(3)];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) random.nextInt(4);
    }
    return key;
  }

  private static byte[] value(Random random) {
    int[] limits = {1, 20, 100, 100, 1000, 5000, 60000};
    int limit = limits[random.nextInt(random.nextInt(10) == 0 ? limits.length : limits.length - 2)];
    var value = new byte[random.nextInt(limit)];
    random.nextBytes(value);
    return value;
  }

  private static void assertSame(Path theirs, Path ours, String when) throws IOException {
    byte[] a = Files.readAllBytes(theirs);
    byte[] b = Files.readAllBytes(ours);
    int at = Arrays.mismatch(a, b);
    if (at >= 0) {
      fail(
          "files differ from byte "
              + at
              + " ("
              + a.length
              + " and "
              + b.length
              + " bytes) "
              + when);
    }
  }
}
