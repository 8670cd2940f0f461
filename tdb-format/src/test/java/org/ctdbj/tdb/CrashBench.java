// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.ctdbj.tdb.lock.MutexArea;

/** A directory for the files that crashes leave, and a libtdb that opens them beside us. */
final class CrashBench implements AutoCloseable {
  static final int HASH_SIZE = 7;
  private static final int REPORTED = 10;

  /** Which of the images with lost space that stays are sound; that takes long. */
  private static final int REPACK_EACH = 8;

  final LibTdb lib;
  private final Path dir;
  private final boolean ownsDir;

  /** What stands in front of the TDB header: the mutexes, in a file that has them. */
  private byte[] mutexes = new byte[0];

  /**
   * @param fallback used if there is no directory in memory: thousands of files keep a disk busy
   */
  CrashBench(Path fallback) throws IOException {
    lib = LibTdb.startApi();
    Path memory = Path.of("/dev/shm");
    ownsDir = Files.isWritable(memory);
    dir = ownsDir ? Files.createTempDirectory(memory, "ctdbj-crash") : fallback;
  }

  @Override
  public void close() throws IOException {
    lib.close();
    if (ownsDir) {
      try (var files = Files.list(dir)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(dir);
    }
  }

  Path file(String name) {
    return dir.resolve(name);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] value(Random random, int bound) {
    var value = new byte[random.nextInt(bound)];
    random.nextBytes(value);
    return value;
  }

  static Map<String, String> contents(Tdb tdb) {
    var contents = new TreeMap<String, String>();
    tdb.traverseRead(
        (key, value) -> contents.put(LibTdb.hex(key), LibTdb.hex(value).replace("-", "")) == null);
    return contents;
  }

  /** What libtdb has under the name {@code t}. */
  Map<String, String> libtdbContents() {
    String walked = lib.call("traverse_read t");
    var contents = new TreeMap<String, String>();
    String records = walked.substring(walked.indexOf(' ') + 1);
    for (String record : records.isEmpty() ? new String[0] : records.split(",")) {
      int equals = record.indexOf('=');
      contents.put(record.substring(0, equals), record.substring(equals + 1));
    }
    return contents;
  }

  /** The part of the file that {@link RecordingIo} sees; the rest is kept for {@link #write}. */
  byte[] read(Path file, boolean hasMutexes) throws IOException {
    byte[] all = Files.readAllBytes(file);
    int base = hasMutexes ? Math.toIntExact(MutexArea.size(HASH_SIZE)) : 0;
    mutexes = Arrays.copyOf(all, base);
    return Arrays.copyOfRange(all, base, all.length);
  }

  Path write(byte[] bytes) throws IOException {
    Path image = file("image.tdb");
    write(image, bytes);
    return image;
  }

  void write(Path file, byte[] bytes) throws IOException {
    byte[] all = Arrays.copyOf(mutexes, mutexes.length + bytes.length);
    System.arraycopy(bytes, 0, all, mutexes.length, bytes.length);
    Files.write(file, all);
  }

  /** What {@code work} writes to the file, from the open on. */
  static List<RecordingIo.Op> record(Path file, int flags, Consumer<Tdb> work) {
    var log = new ArrayList<RecordingIo.Op>();
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags), io -> new RecordingIo(io, log))) {
      work.accept(tdb);
    }
    return log;
  }

  /** What the images of one test showed. */
  static final class Findings {
    private final String context;
    private final List<String> wrong = new ArrayList<>();
    int images;

    /** Images in which something was put right that libtdb leaves. */
    int repaired;

    Findings(String context) {
      this.context = context;
    }

    void check(boolean good, CrashImages.Image image, String what) {
      if (!good) {
        wrong.add(image.name() + ": " + what);
      }
    }

    void assertNone(int leastImages) {
      if (!wrong.isEmpty() || images < leastImages) {
        throw new AssertionError(
            context
                + ": "
                + wrong.size()
                + " differences in "
                + images
                + " images (expected at least "
                + leastImages
                + "), "
                + repaired
                + " of them repaired: "
                + String.join("\n", wrong.subList(0, Math.min(REPORTED, wrong.size()))));
      }
    }
  }

  /**
   * Opens an image of a commit here and with libtdb, which have to agree.
   *
   * @param flags to open it with
   * @param reclaims whether lost space is to be found: not in files with mutexes
   */
  void recover(
      CrashImages.Image image,
      int flags,
      boolean reclaims,
      Map<String, String> expected,
      Findings findings)
      throws IOException {
    findings.images++;
    // As libtdb does it: a handle that does not lock frees no lost space.
    Path file = write(image.bytes());
    byte[] plain;
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags | TdbFlag.NOLOCK.bit()))) {
      findings.check(contents(tdb).equals(expected), image, "contents without locks");
      plain = read(file, mutexes.length > 0);
    }
    write(image.bytes());
    String opened = lib.call("open t " + file + " 0 " + flags + " 2");
    if (!opened.equals("ok")) {
      findings.check(false, image, "libtdb cannot open it: " + opened);
      return;
    }
    findings.check(libtdbContents().equals(expected), image, "libtdb's contents");
    lib.ok("close t");
    findings.check(
        Arrays.equals(plain, read(file, mutexes.length > 0)), image, "libtdb's bytes differ");
    write(image.bytes());
    boolean sound = true;
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags))) {
      findings.check(contents(tdb).equals(expected), image, "contents");
      if (!reclaims && !tdb.check().isGood()) {
        findings.repaired++;
        sound = findings.repaired % REPACK_EACH == 1;
        if (sound) {
          tdb.repack();
        }
      }
      if (sound) {
        var report = tdb.check();
        findings.check(report.isGood(), image, "check: " + report.findings());
      }
    }
    if (reclaims && !Arrays.equals(plain, read(file, mutexes.length > 0))) {
      findings.repaired++;
    }
    lib.ok("open t " + file + " 0 " + (flags & TdbFlag.MUTEX_LOCKING.bit()) + " 2");
    findings.check(
        !sound || lib.call("check t").equals("ok"), image, "libtdb's check of what we recovered");
    findings.check(libtdbContents().equals(expected), image, "libtdb's contents, after us");
    lib.ok("close t");
  }
}
