// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The machine stops at any write of a commit: what was not synced has reached the disk in part, in
 * any order or not at all. What is left is opened here and by libtdb.
 */
@Tag("interop")
class CrashAtEveryWriteTest {
  private static final int HASH_SIZE = 7;
  private static final int AREA = 0xF000;
  private static final int REORDERINGS = 2;
  private static final int COMBINATION_STEP = 5;

  @TempDir Path fallback;

  /** In memory where that is possible: thousands of images would keep a disk busy. */
  private Path dir;

  /** The recovery area that the commit finds. */
  enum Area {
    NONE,
    FITS_AT_END,
    FITS_INSIDE,
    SMALL_AT_END,
    SMALL_INSIDE
  }

  @BeforeEach
  void chooseDirectory() throws IOException {
    Path memory = Path.of("/dev/shm");
    dir = Files.isWritable(memory) ? Files.createTempDirectory(memory, "ctdbj-crash") : fallback;
  }

  @AfterEach
  void clean() throws IOException {
    if (!dir.equals(fallback)) {
      try (var files = Files.list(dir)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(dir);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] value(Random random, int bound) {
    var value = new byte[random.nextInt(bound)];
    random.nextBytes(value);
    return value;
  }

  private static void fill(Path file, int flags, Area area, boolean full, Random random)
      throws IOException {
    try (var tdb =
        Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(HASH_SIZE).withCreate(true))) {
      for (int i = 0; i < 16; i++) {
        tdb.store(bytes("key" + i), value(random, 300));
      }
      if (full) {
        tdb.store(bytes("filler"), new byte[(int) tdb.info().freeBytes() - 3000]);
      }
      if (area != Area.NONE) {
        tdb.transactionStart();
        tdb.store(bytes("key0"), bytes("of an earlier transaction"));
        tdb.transactionCommit();
      }
    }
    if (area != Area.NONE) {
      boolean small = area == Area.SMALL_AT_END || area == Area.SMALL_INSIDE;
      boolean inside = area == Area.FITS_INSIDE || area == Area.SMALL_INSIDE;
      shrinkArea(file, TdbFlag.CONVERT.in(flags), small ? 0x100 : AREA, inside);
    }
  }

  /**
   * Makes the area, which is at the end of the file, shorter; what is behind it is free or gone.
   */
  private static void shrinkArea(Path file, boolean convert, int recLen, boolean inside)
      throws IOException {
    boolean little = (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) != convert;
    var all =
        ByteBuffer.wrap(Files.readAllBytes(file))
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
    Files.write(file, Arrays.copyOf(all.array(), all.limit()));
  }

  private static void change(Tdb tdb, Random random) {
    tdb.transactionStart();
    for (int i = 0; i < 4; i++) {
      tdb.delete(bytes("key" + random.nextInt(16)));
      tdb.store(bytes("key" + random.nextInt(16)), value(random, 400));
      tdb.store(bytes("new" + i), value(random, 400));
    }
    tdb.store(bytes("large"), new byte[2000]);
    if (random.nextBoolean()) {
      tdb.transactionPrepareCommit();
    }
    tdb.transactionCommit();
  }

  private static Map<String, String> contents(Tdb tdb) {
    var contents = new TreeMap<String, String>();
    tdb.traverseRead(
        (key, value) -> contents.put(LibTdb.hex(key), LibTdb.hex(value).replace("-", "")) == null);
    return contents;
  }

  private static Map<String, String> contents(String walked) {
    var contents = new TreeMap<String, String>();
    String records = walked.substring(walked.indexOf(' ') + 1);
    for (String record : records.isEmpty() ? new String[0] : records.split(",")) {
      int equals = record.indexOf('=');
      contents.put(record.substring(0, equals), record.substring(equals + 1));
    }
    return contents;
  }

  /** What the images of one commit showed. */
  private static final class Findings {
    final String context;
    final List<String> wrong = new ArrayList<>();
    int images;
    int lostSpace;

    Findings(String context) {
      this.context = context;
    }

    void check(boolean good, CrashImages.Image image, String what) {
      if (!good) {
        wrong.add(image.name() + ": " + what);
      }
    }

    void assertNone() {
      assertEquals(
          List.of(),
          wrong.subList(0, Math.min(10, wrong.size())),
          context
              + ": "
              + wrong.size()
              + " differences in "
              + images
              + " images, "
              + lostSpace
              + " of them with lost space");
      assertTrue(images > 30, context + ": only " + images + " images");
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
    try (var lib = LibTdb.startApi()) {
      // Each of the eight combinations comes with several areas; all with all takes a minute.
      int first = 2 * List.of(Area.values()).indexOf(area) + (growing ? 1 : 0);
      for (int i = first; i < first + 2 * COMBINATION_STEP; i += COMBINATION_STEP) {
        int flags =
            ((i & 1) != 0 ? TdbFlag.CONVERT.bit() : 0)
                | ((i & 2) != 0 ? TdbFlag.INCOMPATIBLE_HASH.bit() : 0)
                | ((i & 4) != 0 ? TdbFlag.NOMMAP.bit() : 0);
        crash(lib, flags, area, growing, 20261123 + i);
      }
    }
  }

  private void crash(LibTdb lib, int flags, Area area, boolean growing, long seed)
      throws Exception {
    var random = new Random(seed);
    Path file = dir.resolve("live.tdb");
    Files.deleteIfExists(file);
    fill(file, flags, area, growing, random);
    byte[] bytesBefore = Files.readAllBytes(file);
    Map<String, String> before;
    Map<String, String> after;
    var log = new ArrayList<RecordingIo.Op>();
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags), io -> new RecordingIo(io, log))) {
      before = contents(tdb);
      assertEquals(List.of(), tdb.check().findings());
      change(tdb, random);
      after = contents(tdb);
    }
    assertTrue(!after.equals(before), "the transaction changes nothing");
    var images = new CrashImages(bytesBefore, log, seed);
    assertArrayEquals(Files.readAllBytes(file), images.complete(), "a write is not in the log");
    var findings =
        new Findings(
            "flags " + flags + ", area " + area + ", growing " + growing + ", seed " + seed);
    images.visit(
        REORDERINGS,
        image -> {
          findings.images++;
          boolean committed =
              image.syncsDone() > 3 || (image.syncsDone() == 3 && image.lastWritten());
          recover(lib, flags & TdbFlag.NOMMAP.bit(), image, committed ? after : before, findings);
        });
    findings.assertNone();
  }

  private void recover(
      LibTdb lib,
      int flags,
      CrashImages.Image image,
      Map<String, String> expected,
      Findings findings)
      throws IOException {
    Path file = dir.resolve("image.tdb");
    // As libtdb does it: a handle that does not lock frees no lost space.
    Files.write(file, image.bytes());
    byte[] plain;
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags | TdbFlag.NOLOCK.bit()))) {
      findings.check(contents(tdb).equals(expected), image, "contents without locks");
      plain = Files.readAllBytes(file);
    }
    Files.write(file, image.bytes());
    String opened = lib.call("open t " + file + " 0 " + flags + " 2");
    if (opened.equals("ok")) {
      findings.check(
          contents(lib.call("traverse_read t")).equals(expected), image, "libtdb's contents");
      lib.ok("close t");
      findings.check(
          Arrays.equals(plain, Files.readAllBytes(file)), image, "libtdb's bytes differ");
    } else {
      findings.check(false, image, "libtdb cannot open it: " + opened);
    }
    Files.write(file, image.bytes());
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags))) {
      findings.check(contents(tdb).equals(expected), image, "contents");
      var report = tdb.check();
      findings.check(report.isGood(), image, "check: " + report.findings());
    }
    // If nothing was lost, this is also what libtdb's recovery left.
    findings.lostSpace += Arrays.equals(plain, Files.readAllBytes(file)) ? 0 : 1;
    lib.ok("open t " + file + " 0 0 2");
    findings.check(lib.call("check t").equals("ok"), image, "libtdb's check of what we recovered");
    findings.check(
        contents(lib.call("traverse_read t")).equals(expected), image, "libtdb, after us");
    lib.ok("close t");
  }
}
