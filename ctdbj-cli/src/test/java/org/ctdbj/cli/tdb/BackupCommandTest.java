// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.ctdbj.cli.tdb.CommandRun.tool;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code ctdbj tdb backup}, beside tdbbackup. */
class BackupCommandTest {
  @TempDir private Path directory;

  private Path sample(TdbFlag... flags) {
    return SampleFiles.create(directory.resolve("a.tdb"), Set.of(flags));
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void copiesAreThoseOfTdbbackup(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);
    var locking = flags.contains(TdbFlag.MUTEX_LOCKING) ? List.of("-l") : List.of("", "-l", "-r");
    for (String option : locking) {
      Object[] theirs =
          option.isEmpty()
              ? new Object[] {"-s", ".t" + option, file}
              : new Object[] {option, "-s", ".t" + option, file};
      assertEquals(0, tool("tdbbackup", theirs).exit(), kind);
      Path expected = directory.resolve("a.tdb.t" + option);
      for (String[] ours : new String[][] {{}, {"--no-lock"}, {"--read-lock"}}) {
        CommandRun run =
            ours.length == 0 ? tdb("backup", "-s", ".bak", file) : tdb("backup", ours[0], file);
        assertEquals(0, run.exit(), run.err());
        assertEquals(
            file + ": " + SampleFiles.RECORDS + " records in " + file + ".bak\n", run.out());
        assertArrayEquals(
            Files.readAllBytes(expected),
            Files.readAllBytes(directory.resolve("a.tdb.bak")),
            kind + " " + option + " " + List.of(ours));
      }
    }
    assertEquals(0, tool("tdbbackup", "-l", "-n", "1000", "-s", ".tn", file).exit());
    assertEquals(0, tdb("backup", "-n", "1000", "-o", directory.resolve("n"), file).exit());
    assertEquals(-1L, Files.mismatch(directory.resolve("a.tdb.tn"), directory.resolve("n")), kind);
  }

  @Test
  void accessRightsAreThoseOfTheFile() throws IOException {
    Path file = sample();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

    assertEquals(0, tdb("backup", file).exit());
    assertEquals(
        "rw-r-----",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(directory.resolve("a.tdb.bak"))));
    assertEquals(List.of("a.tdb", "a.tdb.bak"), names());
  }

  /** Whoever writes stores x first, then y: a copy of one moment never has y ahead of x. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void aCopyIsOfOneMoment(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);
    byte[] x = SampleFiles.bytes("x");
    byte[] y = SampleFiles.bytes("y");
    var stop = new AtomicBoolean();
    var started = new CountDownLatch(1);
    var failure = new Throwable[1];
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (var tdb = Tdb.open(file, TdbOptions.of(TdbFlag.MUTEX_LOCKING))) {
                    for (long i = 1; !stop.get(); i++) {
                      byte[] value = ByteBuffer.allocate(8).putLong(i).array();
                      tdb.store(x, value);
                      tdb.store(y, value);
                      started.countDown();
                    }
                  } catch (RuntimeException e) {
                    failure[0] = e;
                  }
                });
    try {
      started.await();
      for (int i = 0; i < 10; i++) {
        CommandRun run = tdb("backup", i % 2 == 0 ? "--suffix=.bak" : "--read-lock", file);
        assertEquals(0, run.exit(), run.err());
        try (var copy =
            Tdb.open(directory.resolve("a.tdb.bak"), TdbOptions.defaults().withReadOnly(true))) {
          long ahead =
              ByteBuffer.wrap(copy.fetch(x)).getLong() - ByteBuffer.wrap(copy.fetch(y)).getLong();
          assertTrue(ahead == 0 || ahead == 1, kind + ": " + ahead);
          assertEquals(SampleFiles.RECORDS + 2, copy.check().liveRecords());
        }
      }
    } finally {
      stop.set(true);
      writer.join();
    }
    assertEquals(null, failure[0]);
  }

  @Test
  void aDamagedFileLeavesTheOldBackup() throws IOException {
    Path file = sample();
    assertEquals(0, tdb("backup", file).exit());
    byte[] backup = Files.readAllBytes(directory.resolve("a.tdb.bak"));
    SampleFiles.damage(file, 172, 4);

    CommandRun run = tdb("backup", file);

    assertEquals(1, run.exit());
    assertTrue(
        run.err().matches("(?s)ctdbj: .*a.tdb: at offset \\d+: expected .*, found .*\n.*"),
        run.err());
    assertTrue(run.err().contains("no copy was made"), run.err());
    assertArrayEquals(backup, Files.readAllBytes(directory.resolve("a.tdb.bak")));
    assertEquals(List.of("a.tdb", "a.tdb.bak"), names());
  }

  @Test
  void oneFileOfSeveralThatFailsIsToldAndTheOthersAreCopied() throws IOException {
    Path file = sample();
    CommandRun run = tdb("backup", directory.resolve("missing"), file);

    assertEquals(1, run.exit());
    assertTrue(run.err().contains("missing: open: ENOENT"), run.err());
    assertTrue(run.err().contains("check the path"), run.err());
    assertTrue(Files.exists(directory.resolve("a.tdb.bak")));
    assertFalse(Files.exists(directory.resolve("missing.bak")));
  }

  @Test
  void whatCannotBeMeantIsRefused() throws IOException {
    Path file = sample();
    byte[] bytes = Files.readAllBytes(file);
    assertEquals(2, tdb("backup", "-s", "", file).exit());
    assertEquals(2, tdb("backup", "-n", "0", file).exit());
    assertEquals(2, tdb("backup", "-l", "-r", file).exit());
    assertEquals(2, tdb("backup", "-o", directory.resolve("b"), file, file).exit());
    assertEquals(1, tdb("backup", "-o", file, file).exit());
    assertEquals(1, tdb("backup", "-o", directory, file).exit());
    assertArrayEquals(bytes, Files.readAllBytes(file));
    assertEquals(List.of("a.tdb"), names());
  }

  @Test
  void verifyOfAGoodFile() throws IOException {
    Path file = sample();
    CommandRun run = tdb("backup", "--verify", file);

    assertEquals(new CommandRun(0, file + ": good, 60 records\n", ""), run);
    assertEquals(List.of("a.tdb"), names());
  }

  @Test
  void verifyPutsTheBackupIntoThePlaceOfADamagedFile() throws IOException {
    Path file = sample();
    assertEquals(0, tdb("backup", file).exit());
    byte[] backup = Files.readAllBytes(directory.resolve("a.tdb.bak"));
    String records = sortedDump(file);
    SampleFiles.damage(file, 172, 4);
    byte[] damaged = Files.readAllBytes(file);

    CommandRun run = tdb("backup", "--verify", file);

    assertEquals(0, run.exit(), run.err());
    assertTrue(run.err().contains("at offset"), run.err());
    assertEquals(
        file
            + ": restored 60 records from "
            + file
            + ".bak; the damaged file is "
            + file
            + ".damaged\n",
        run.out());
    assertEquals(records, sortedDump(file));
    assertArrayEquals(backup, Files.readAllBytes(directory.resolve("a.tdb.bak")));
    assertArrayEquals(damaged, Files.readAllBytes(directory.resolve("a.tdb.damaged")));
    assertEquals(List.of("a.tdb", "a.tdb.bak", "a.tdb.damaged"), names());
  }

  /** The programs that use the file go by its real name, or another link. */
  @Test
  void verifyOfASymbolicLinkReplacesTheFileItself() throws IOException {
    Path file = sample();
    Path link = Files.createSymbolicLink(directory.resolve("link"), file.getFileName());
    assertEquals(0, tdb("backup", link).exit());
    String records = sortedDump(file);
    SampleFiles.damage(file, 172, 4);

    CommandRun run = tdb("backup", "--verify", link);

    assertEquals(0, run.exit(), run.err());
    assertTrue(Files.isSymbolicLink(link));
    assertEquals(records, sortedDump(file));
    assertEquals(List.of("a.tdb", "a.tdb.damaged", "link", "link.bak"), names());
  }

  @Test
  void devicesAndPipesAreNotReplaced() throws Exception {
    Path file = sample();
    Path pipe = directory.resolve("pipe");
    assumeTrue(
        new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0,
        "needs mkfifo (Debian package coreutils)");
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("/dev/null"));
    for (Path target : List.of(pipe, link)) {
      CommandRun run = tdb("backup", "-o", target, file);
      assertEquals(1, run.exit());
      assertTrue(run.err().contains("found a device, pipe or socket"), run.err());
    }
    assertTrue(Files.readAttributes(pipe, BasicFileAttributes.class).isOther());
    assertTrue(Files.isSymbolicLink(link));
    assertEquals(List.of("a.tdb", "link", "pipe"), names());
  }

  /** A copy has the records of a chain in another order. */
  private static String sortedDump(Path file) {
    return Stream.of(tdb("dump", file).out().split("(?<=\n}\n)"))
        .sorted()
        .collect(Collectors.joining());
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void verifyRestoresAsTdbbackupDoes(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);
    assertEquals(0, tdb("backup", file).exit());
    int chains = (flags.contains(TdbFlag.MUTEX_LOCKING) ? 4096 : 0) + 172;
    for (int i = 0; i < 7; i++) {
      SampleFiles.damage(file, chains + 4 * i, 0x80);
      SampleFiles.damage(file, chains + 4 * i + 3, 0x80);
    }
    Path theirs = Files.copy(file, directory.resolve("t.tdb"));
    Files.copy(directory.resolve("a.tdb.bak"), directory.resolve("t.tdb.bak"));

    tool("tdbbackup", "-l", "-v", theirs);
    CommandRun run = tdb("backup", "-l", "-v", file);

    assertEquals(0, run.exit(), run.err());
    assertEquals(-1L, Files.mismatch(theirs, file), kind);
  }

  @Test
  void verifyOfAFileThatIsMissing() throws IOException {
    Path file = sample();
    assertEquals(0, tdb("backup", file).exit());
    Files.delete(file);

    assertEquals(0, tdb("backup", "-v", file).exit());
    assertEquals(sortedDump(directory.resolve("a.tdb.bak")), sortedDump(file));
    assertEquals(List.of("a.tdb", "a.tdb.bak"), names());
  }

  @Test
  void verifyWithoutAGoodBackupChangesNothing() throws IOException {
    Path file = sample();
    assertEquals(0, tdb("backup", file).exit());
    SampleFiles.damage(file, 172, 4);
    Path backup = directory.resolve("a.tdb.bak");
    SampleFiles.damage(backup, 172, 4);
    byte[] damaged = Files.readAllBytes(file);

    assertEquals(1, tdb("backup", "-v", file).exit());
    assertArrayEquals(damaged, Files.readAllBytes(file));
    Files.delete(backup);
    CommandRun run = tdb("backup", "-v", file);
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("there is no backup"), run.err());
    assertArrayEquals(damaged, Files.readAllBytes(file));
    assertEquals(List.of("a.tdb"), names());
  }
}
