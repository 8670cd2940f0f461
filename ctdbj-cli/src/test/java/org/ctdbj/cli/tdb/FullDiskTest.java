// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.ctdbjReading;
import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, or may not be written: targets stay as they are, nothing is left behind. */
@Tag("interop")
class FullDiskTest {
  @TempDir private Path directory;
  private Path disk;

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(directory.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=1m", "ctdbj-test", disk.toString()),
        "needs root with the right to mount a tmpfs");
  }

  @AfterEach
  void unmount() throws Exception {
    if (Files.getFileStore(disk).name().equals("ctdbj-test")) {
      assertTrue(run("umount", disk.toString()), "something keeps a file open or mapped");
    }
  }

  private static boolean run(String... command) throws Exception {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Leaves {@code pages} pages of 4096 bytes. */
  private void fill(int pages) throws IOException {
    Path filler = disk.resolve("filler");
    var page = ByteBuffer.allocate(4096);
    try (var channel =
        Files.newByteChannel(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        channel.write(page.clear());
      }
    } catch (IOException e) {
      assertEquals(0, disk.toFile().getUsableSpace());
    }
    try (var channel = java.nio.channels.FileChannel.open(filler, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 4096L * pages);
    }
  }

  private Path large() {
    Path file = directory.resolve("large.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withCreate(true))) {
      for (int i = 0; i < 40; i++) {
        tdb.store(SampleFiles.key(i + 3), new byte[5000]);
      }
    }
    return file;
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(disk)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static void assertFull(CommandRun run) {
    assertEquals(1, run.exit(), run.toString());
    assertTrue(run.err().contains("ENOSPC (no space left on the device)"), run.err());
    assertTrue(run.err().contains("make room and repeat the command"), run.err());
  }

  @Test
  void backupKeepsTheOldOne() throws IOException {
    Path file = large();
    Path old = SampleFiles.create(disk.resolve("backup"), Set.of());
    byte[] bytes = Files.readAllBytes(old);
    for (int pages : new int[] {0, 1, 3, 10}) {
      fill(pages);
      assertFull(tdb("backup", "-o", old, file));
      assertArrayEquals(bytes, Files.readAllBytes(old));
      assertEquals(List.of("backup", "filler"), names());
      Files.delete(disk.resolve("filler"));
    }
    assertEquals(0, tdb("backup", "-o", old, file).exit());
    assertEquals(List.of("backup"), names());
  }

  @Test
  void restoreLeavesNothing() throws IOException {
    byte[] dump = SampleFiles.bytes(tdb("dump", large()).out());
    Path file = disk.resolve("new.tdb");
    for (int pages : new int[] {0, 1, 3, 10}) {
      fill(pages);
      assertFull(ctdbjReading(dump, "tdb", "restore", file));
      assertEquals(List.of("filler"), names());
      Files.delete(disk.resolve("filler"));
    }
    assertEquals(0, ctdbjReading(dump, "tdb", "restore", file).exit());
  }

  @Test
  void putAndRepackLeaveTheFileGood() throws IOException {
    Path file = SampleFiles.create(disk.resolve("a.tdb"), Set.of());
    String before = tdb("dump", file).out();
    fill(0);

    assertFull(tdb("put", file, "big", "x".repeat(100_000)));
    assertFull(tdb("put", "--transaction", file, "big", "x".repeat(100_000)));
    assertEquals(before, tdb("dump", file).out());
    assertEquals(0, tdb("check", "--lock", file).exit());
  }

  @Test
  void aFileSystemMountedReadOnly() throws Exception {
    Path file = SampleFiles.create(disk.resolve("a.tdb"), Set.of());
    assertTrue(run("mount", "-o", "remount,ro", disk.toString()));
    for (Object[] command :
        new Object[][] {
          {"put", file, "k", "v"}, {"delete", file, "k"}, {"repack", file}, {"info", "--lock", file}
        }) {
      CommandRun run = tdb(command);
      assertEquals(1, run.exit());
      assertTrue(run.err().contains("EROFS (read-only file system)"), run.err());
    }
    assertEquals(0, tdb("info", file).exit());
    assertEquals(1, tdb("backup", "-l", file).exit());
    assertEquals(0, tdb("backup", "-l", "-o", directory.resolve("elsewhere"), file).exit());
    assertEquals(1, ctdbjReading(new byte[0], "tdb", "restore", disk.resolve("n")).exit());
    assertEquals(List.of("a.tdb"), names());
  }
}
