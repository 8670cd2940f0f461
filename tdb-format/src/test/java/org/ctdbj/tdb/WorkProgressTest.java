// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one who waits for a call on a whole database is told. */
class WorkProgressTest {
  private static final long SEED = 20261125;

  @TempDir Path dir;
  private Path file;

  /** Remembers what it was told, and that it made sense. */
  private static final class Told implements WorkProgress {
    private int calls;
    private long done;
    private long total;

    @Override
    public void at(long newDone, long newTotal) {
      assertTrue(newTotal > 0, "total " + newTotal);
      assertTrue(newDone >= done && newDone <= newTotal, newDone + " after " + done);
      calls++;
      done = newDone;
      total = newTotal;
    }

    double share() {
      return (double) done / total;
    }
  }

  @BeforeEach
  void create() {
    file = dir.resolve("a.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withCreate(true).withHashSize(7))) {
      for (int i = 0; i < 500; i++) {
        tdb.store(key(i), new byte[i]);
      }
      for (int i = 0; i < 500; i += 3) {
        tdb.delete(key(i));
      }
    }
  }

  private static byte[] key(int i) {
    return ("key " + i).getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void everyWalkIsTold() {
    try (var tdb = Tdb.open(file, TdbOptions.defaults())) {
      var report = tdb.check();
      var info = tdb.info();
      String summary = tdb.summary();
      long rescued = tdb.rescue((_, _) -> true);

      var check = new Told();
      tdb.onProgress(check);
      assertEquals(report, tdb.check());
      assertTrue(check.calls > 600 && check.share() > 0.98, "check: " + check.share());

      var read = new Told();
      tdb.onProgress(read);
      assertEquals(info, tdb.info());
      assertTrue(read.calls > 300 && read.share() > 0.98, "info: " + read.share());

      var summed = new Told();
      tdb.onProgress(summed);
      assertEquals(summary, tdb.summary());
      assertTrue(summed.share() > 0.5, "summary: " + summed.share());

      var scanned = new Told();
      tdb.onProgress(scanned);
      assertEquals(rescued, tdb.rescue((_, _) -> true));
      assertTrue(scanned.calls > 0);

      var repacked = new Told();
      tdb.onProgress(repacked);
      tdb.repack();
      assertEquals(333, repacked.calls);
      assertEquals(1.0, repacked.share());

      tdb.onProgress(null);
      assertEquals(333, tdb.check().liveRecords());
      assertEquals(333, repacked.calls);
    }
  }

  @Test
  void itsFailureEndsTheCallAndLeavesTheHandleUsable() {
    try (var tdb = Tdb.open(file, TdbOptions.defaults());
        var other = tdb.reopen()) {
      tdb.onProgress(
          (_, _) -> {
            throw new IllegalStateException("enough");
          });
      assertThrows(IllegalStateException.class, tdb::check);
      assertThrows(IllegalStateException.class, tdb::repack);
      tdb.onProgress(null);
      assertTrue(other.tryLockAll(), "all locks are given back");
      other.unlockAll();
      tdb.store(key(0), key(1));
      assertTrue(tdb.check().isGood());
      assertEquals(334, tdb.check().liveRecords());
    }
  }

  @Test
  void damageChangesNeitherTheSenseNorTheResult() throws IOException {
    byte[] good = Files.readAllBytes(file);
    var random = new Random(SEED);
    for (int round = 0; round < 200; round++) {
      byte[] damaged = good.clone();
      for (int i = 0; i <= round % 3; i++) {
        damaged[168 + random.nextInt(damaged.length - 168)] ^= (byte) (1 << random.nextInt(8));
      }
      Path path = Files.write(dir.resolve("d.tdb"), damaged);
      try (var tdb = Tdb.open(path, TdbOptions.defaults().withReadOnly(true))) {
        var report = tdb.check();
        tdb.onProgress(new Told());
        assertEquals(report, tdb.check(), "seed " + SEED + ", round " + round);
      }
    }
  }
}
