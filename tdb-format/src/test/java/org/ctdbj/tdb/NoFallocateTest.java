// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file system that cannot allocate space in advance: ramfs. */
@Tag("interop")
class NoFallocateTest {
  @TempDir Path dir;

  private MountedDisk mounted;
  private Path disk;

  @BeforeEach
  void mount() throws Exception {
    disk = dir.resolve("disk");
    mounted = MountedDisk.mount(disk, "ramfs");
    assumeTrue(
        !MountedDisk.succeeds("fallocate", "-l", "4096", disk.resolve("probe").toString()),
        "needs a file system without fallocate");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted != null) {
      mounted.close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 0x1C41})
  void filesGrowToTheSameBytesAsWithLibtdb(int flags) throws Exception {
    Path theirs = disk.resolve("libtdb.tdb");
    Path ours = disk.resolve("ours.tdb");
    var random = new Random(flags);
    var options = TdbOptions.ofBits(flags).withHashSize(7).withCreate(true);
    try (var lib = LibTdb.startApi();
        var tdb = Tdb.open(ours, options)) {
      lib.ok("open t " + theirs + " 7 " + flags + " 66");
      for (int i = 0; i < 60; i++) {
        byte[] key = {(byte) random.nextInt(20)};
        byte[] value = new byte[random.nextInt(3000)];
        if (i == 30) {
          lib.ok("transaction_start t");
          tdb.transactionStart();
        }
        lib.ok("store t " + LibTdb.hex(key) + " " + LibTdb.hex(value) + " 0");
        tdb.store(key, value);
      }
      lib.ok("transaction_commit t");
      tdb.transactionCommit();
      assertEquals(List.of(), tdb.check().findings());
      assertArrayEquals(data(theirs, flags), data(ours, flags));
    }
  }

  /** Without the mutexes, which remember who locked them last. */
  private static byte[] data(Path file, int flags) throws IOException {
    byte[] all = Files.readAllBytes(file);
    boolean mutexes = TdbFlag.MUTEX_LOCKING.in(flags);
    int from = mutexes ? (int) org.ctdbj.tdb.lock.MutexArea.size(7) : 0;
    return java.util.Arrays.copyOfRange(all, from, all.length);
  }
}
