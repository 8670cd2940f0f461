// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The machine stops at any write of a commit, or of the recovery from such a stop: what was not
 * synced has reached the disk in part, in any order or not at all. What is left is opened here and
 * by libtdb.
 *
 * <p>All combinations of flags, areas and endings, with many more recoveries that crash, take long:
 * {@code mvn -pl tdb-format -am test -Dtest='Crash*' -Dsurefire.failIfNoSpecifiedTests=false
 * -Dctdbj.crash.exhaustive=true}.
 */
@Tag("interop")
class CrashAtEveryWriteTest {
  private static final boolean EXHAUSTIVE = Boolean.getBoolean("ctdbj.crash.exhaustive");
  private static final int AREA = 0xF000;
  private static final int REORDERINGS = EXHAUSTIVE ? 4 : 2;
  private static final int COMBINATIONS = 8 * Ending.values().length;

  /** From one combination of flags and ending to the next that is tried. */
  private static final int COMBINATION_STEP = EXHAUSTIVE ? 1 : 17;

  /** Recoveries of one commit that are interrupted. */
  private static final int RECOVERIES = EXHAUSTIVE ? 3 : 1;

  /** Of files larger than this, one image in {@link #LARGE_STEP} is tried. */
  private static final int LARGE = 1 << 20;

  private static final int LARGE_STEP = EXHAUSTIVE ? 1 : 2;

  @TempDir Path fallback;

  private CrashBench bench;

  /** The recovery area that the commit finds. */
  enum Area {
    NONE,
    FITS_AT_END,
    FITS_INSIDE,
    SMALL_AT_END,
    SMALL_INSIDE
  }

  /** How the transaction ends. */
  enum Ending {
    COMMIT,
    PREPARE_AND_COMMIT,
    PREPARE_AND_CANCEL,
    NESTED_COMMIT
  }

  /** Flags to open with, what the commit finds and how it ends. */
  private record Setting(int flags, Area area, boolean growing, Ending ending, long seed) {
    boolean hasMutexes() {
      return TdbFlag.MUTEX_LOCKING.in(flags);
    }

    /** Those of the flags that an opener has to repeat. */
    int openFlags() {
      return flags & (TdbFlag.NOMMAP.bit() | TdbFlag.MUTEX_LOCKING.bit());
    }
  }

  @BeforeEach
  void start() throws IOException {
    bench = new CrashBench(fallback);
  }

  @AfterEach
  void stop() throws IOException {
    bench.close();
  }

  private void fill(Path file, int flags, Area area, boolean full, Random random)
      throws IOException {
    try (var tdb =
        Tdb.open(
            file, TdbOptions.ofBits(flags).withHashSize(CrashBench.HASH_SIZE).withCreate(true))) {
      for (int i = 0; i < 16; i++) {
        tdb.store(CrashBench.bytes("key" + i), CrashBench.value(random, 300));
      }
      if (full) {
        tdb.store(CrashBench.bytes("filler"), new byte[(int) tdb.info().freeBytes() - 3000]);
      }
      if (area != Area.NONE) {
        tdb.transactionStart();
        tdb.store(CrashBench.bytes("key0"), CrashBench.bytes("of an earlier transaction"));
        tdb.transactionCommit();
      }
    }
    if (area != Area.NONE) {
      boolean small = area == Area.SMALL_AT_END || area == Area.SMALL_INSIDE;
      boolean inside = area == Area.FITS_INSIDE || area == Area.SMALL_INSIDE;
      shrinkArea(file, flags, small ? 0x100 : AREA, inside);
    }
  }

  /**
   * Makes the area, which is at the end of the file, shorter; what is behind it is free or gone.
   */
  private void shrinkArea(Path file, int flags, int recLen, boolean inside) throws IOException {
    boolean convert = TdbFlag.CONVERT.in(flags);
    boolean little = (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) != convert;
    var all =
        ByteBuffer.wrap(bench.read(file, TdbFlag.MUTEX_LOCKING.in(flags)))
            .order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int area = all.getInt(TdbLayout.OFF_RECOVERY_START);
    int end = area + TdbLayout.RECORD_HEADER + recLen;
    assertEquals(all.limit(), area + TdbLayout.RECORD_HEADER + all.getInt(area + 4));
    all.putInt(area + 4, recLen);
    if (inside) {
      int rest = AREA;
      all.limit(end + rest);
      Arrays.fill(all.array(), end, end + rest, (byte) 0);
      all.putInt(end, all.getInt((int) TdbLayout.FREELIST_TOP));
      all.putInt(end + 4, rest - TdbLayout.RECORD_HEADER);
      all.putInt(end + TdbLayout.OFF_RECORD_MAGIC, TdbLayout.MAGIC_FREE);
      all.putInt(end + rest - TdbLayout.TAILER, rest);
      all.putInt((int) TdbLayout.FREELIST_TOP, end);
    } else {
      all.limit(end);
    }
    bench.write(file, Arrays.copyOf(all.array(), all.limit()));
  }

  private static void change(Tdb tdb, Ending ending, Random random) {
    tdb.transactionStart();
    for (int i = 0; i < 4; i++) {
      tdb.delete(CrashBench.bytes("key" + random.nextInt(16)));
      tdb.store(CrashBench.bytes("key" + random.nextInt(16)), CrashBench.value(random, 400));
      tdb.store(CrashBench.bytes("new" + i), CrashBench.value(random, 400));
    }
    if (ending == Ending.NESTED_COMMIT) {
      tdb.transactionStart();
    }
    tdb.store(CrashBench.bytes("large"), new byte[2000]);
    if (ending == Ending.NESTED_COMMIT) {
      tdb.transactionCommit();
    }
    if (ending == Ending.PREPARE_AND_COMMIT || ending == Ending.PREPARE_AND_CANCEL) {
      tdb.transactionPrepareCommit();
    }
    if (ending == Ending.PREPARE_AND_CANCEL) {
      tdb.transactionCancel();
    } else {
      tdb.transactionCommit();
    }
  }

  @ParameterizedTest(name = "{0}, growing {1}")
  @CsvSource({
    "NONE,false",
    "NONE,true",
    "FITS_AT_END,false",
    "FITS_AT_END,true",
    "FITS_INSIDE,false",
    "FITS_INSIDE,true",
    "SMALL_AT_END,false",
    "SMALL_AT_END,true",
    "SMALL_INSIDE,false",
    "SMALL_INSIDE,true"
  })
  void bothRecoverTheSame(Area area, boolean growing) throws Exception {
    // Each of the combinations comes with some area; all with all takes minutes.
    int first = 2 * List.of(Area.values()).indexOf(area) + (growing ? 1 : 0);
    for (int i = first; i < first + COMBINATIONS; i += COMBINATION_STEP) {
      int flags =
          ((i & 1) != 0 ? TdbFlag.CONVERT.bit() : 0)
              | ((i & 2) != 0 ? TdbFlag.INCOMPATIBLE_HASH.bit() : 0)
              | ((i & 4) != 0 ? TdbFlag.NOMMAP.bit() : 0);
      var ending = Ending.values()[i / 8 % Ending.values().length];
      crash(new Setting(flags, area, growing, ending, 20261123 + i));
    }
  }

  /** Nobody can be kept out of such a file, so lost space stays until it is repacked or wiped. */
  @ParameterizedTest(name = "{0}, growing {1}, {2}")
  @CsvSource({
    "NONE,false,COMMIT",
    "NONE,true,PREPARE_AND_CANCEL",
    "FITS_AT_END,true,COMMIT",
    "SMALL_INSIDE,true,NESTED_COMMIT"
  })
  void fileWithMutexes(Area area, boolean growing, Ending ending) throws Exception {
    int flags = TdbFlag.MUTEX_LOCKING.bit() | TdbFlag.INCOMPATIBLE_HASH.bit();
    crash(new Setting(flags, area, growing, ending, 20261124));
  }

  private void crash(Setting setting) throws Exception {
    var random = new Random(setting.seed);
    Path file = bench.file("live.tdb");
    Files.deleteIfExists(file);
    fill(file, setting.flags, setting.area, setting.growing, random);
    byte[] bytesBefore = bench.read(file, setting.hasMutexes());
    var contents = new ArrayList<Map<String, String>>();
    var log =
        CrashBench.record(
            file,
            setting.flags,
            tdb -> {
              contents.add(CrashBench.contents(tdb));
              assertEquals(List.of(), tdb.check().findings());
              change(tdb, setting.ending, random);
              contents.add(CrashBench.contents(tdb));
            });
    boolean cancelled = setting.ending == Ending.PREPARE_AND_CANCEL;
    assertEquals(cancelled, contents.get(0).equals(contents.get(1)), "contents changed");
    var images = new CrashImages(bytesBefore, log, setting.seed);
    assertArrayEquals(
        bench.read(file, setting.hasMutexes()), images.complete(), "a write is not in the log");
    var findings = new CrashBench.Findings(setting.toString());
    var recoverable = new ArrayList<CrashImages.Image>();
    images.visit(
        REORDERINGS,
        image -> {
          // After the first sync there is something to roll back soon, in few images.
          if (image.bytes().length > LARGE
              && image.syncsDone() != 1
              && random.nextInt(LARGE_STEP) != 0) {
            return;
          }
          boolean committed =
              image.syncsDone() > 3 || (image.syncsDone() == 3 && image.lastWritten());
          bench.recover(
              image,
              setting.openFlags(),
              !setting.hasMutexes(),
              contents.get(committed ? 1 : 0),
              findings);
          if (!committed) {
            recoverable.add(image);
          }
        });
    findings.assertNone(8);
    crashWhileRecovering(setting, recoverable, contents.get(0));
  }

  /** The recovery from a crash crashes too, and the next opener recovers. */
  private void crashWhileRecovering(
      Setting setting, List<CrashImages.Image> images, Map<String, String> expected)
      throws Exception {
    var random = new Random(setting.seed);
    var findings = new CrashBench.Findings("recovery, " + setting);
    int done = 0;
    while (done < RECOVERIES && !images.isEmpty()) {
      var image = images.remove(random.nextInt(images.size()));
      Path file = bench.write(image.bytes());
      var log = CrashBench.record(file, setting.openFlags(), _ -> {});
      if (log.isEmpty()) {
        continue;
      }
      done++;
      byte[] uninterrupted = bench.read(file, setting.hasMutexes());
      var recovery = new CrashImages(image.bytes(), log, setting.seed);
      assertArrayEquals(uninterrupted, recovery.complete(), "a write is not in the log");
      recovery.visit(
          REORDERINGS,
          again ->
              bench.recover(
                  new CrashImages.Image(
                      image.name() + ", recovery: " + again.name(),
                      again.bytes(),
                      again.syncsDone(),
                      again.lastWritten()),
                  setting.openFlags(),
                  !setting.hasMutexes(),
                  expected,
                  findings));
    }
    assertTrue(done > 0, "nothing to recover from in " + setting);
    findings.assertNone(done);
  }
}
