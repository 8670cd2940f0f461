// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.ctdbjReading;
import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.ctdbj.cli.tdb.CommandRun.tool;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.ctdbj.tdb.TdbFlag;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All commands on what is no good TDB file; {@code summary} and {@code rescue} on any. */
class DamagedFilesTest {
  /** Every command that opens a file, up to the file. */
  static final String[][] COMMANDS = {
    {"info"},
    {"dump"},
    {"dump", "-e"},
    {"check"},
    {"keys"},
    {"get", "FILE", "k"},
    {"put", "FILE", "k", "v"},
    {"delete", "FILE", "k"},
    {"backup"},
    {"backup", "-l"},
    {"repack"},
    {"rescue"},
    {"summary"},
    {"ltdb"},
    {"ltdb", "-c"},
    {"info", "--lock"},
    {"check", "--json"}
  };

  @TempDir private Path directory;

  /** The arguments of one of the {@link #COMMANDS}. */
  static Object[] on(Path file, String[] command) {
    var arguments = new Object[command.length + (command.length < 3 ? 1 : 0)];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = i == command.length || command[i].equals("FILE") ? file : command[i];
    }
    return arguments;
  }

  /** All commands fail on {@code file} with a message that has {@code expected} in it. */
  private void allFail(Path file, String expected) throws IOException {
    for (String[] command : COMMANDS) {
      Object[] arguments = on(file, command);
      CommandRun run = tdb(arguments);
      String context = Arrays.toString(arguments) + ": " + run;
      assertEquals(1, run.exit(), context);
      assertEquals("", run.out(), context);
      assertTrue(run.err().startsWith("ctdbj: " + file + ": "), context);
      assertTrue(run.err().contains(expected), context);
      assertFalse(run.err().contains("\tat "), context);
    }
    try (var files = Files.list(directory)) {
      assertTrue(files.noneMatch(path -> path.toString().endsWith(".tmp")));
    }
    assertFalse(Files.exists(directory.resolve(file.getFileName() + ".bak")));
  }

  @Test
  void noFile() throws IOException {
    allFail(directory.resolve("missing.tdb"), "ENOENT");
    assertFalse(Files.exists(directory.resolve("missing.tdb")));
  }

  @Test
  void aDirectory() throws IOException {
    Path file = Files.createDirectory(directory.resolve("sub"));
    for (String[] command : new String[][] {{"info"}, {"dump"}, {"check"}, {"rescue"}}) {
      CommandRun run = tdb(command[0], file);
      assertEquals(1, run.exit(), run.err());
      assertTrue(run.err().contains("directory"), run.err());
    }
    for (String command : new String[] {"repack", "backup"}) {
      CommandRun run = tdb(command, file);
      assertEquals(1, run.exit(), run.err());
      assertTrue(run.err().contains("EISDIR"), run.err());
    }
    assertEquals(1, ctdbjReading(new byte[0], "tdb", "restore", file).exit());
  }

  @Test
  void aNamedPipeDoesNotHang() throws Exception {
    Path file = directory.resolve("pipe");
    assumeTrue(
        new ProcessBuilder("mkfifo", file.toString()).start().waitFor(10, TimeUnit.SECONDS)
            && Files.exists(file),
        "needs mkfifo (Debian package coreutils)");
    allFail(file, "found a named pipe");
  }

  @Test
  void sizes() throws IOException {
    byte[] good = Files.readAllBytes(SampleFiles.create(directory.resolve("a.tdb"), Set.of()));
    for (int size : new int[] {0, 1, 167, 168, 170, 180}) {
      Path file = Files.write(directory.resolve("t.tdb"), Arrays.copyOf(good, size));
      allFail(file, "at offset");
      assertArrayEquals(Arrays.copyOf(good, size), Files.readAllBytes(file));
    }
  }

  @Test
  void aFileOfAnotherProgram() throws IOException {
    byte[] bytes = "#!/bin/sh\necho no database\n".repeat(100).getBytes(SampleFiles.CHARSET);
    Path file = Files.write(directory.resolve("script"), bytes);
    allFail(file, "at offset 0: expected ");
    assertArrayEquals(bytes, Files.readAllBytes(file));
  }

  @Test
  void aFileThatEndsTooEarly() throws IOException {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), Set.of());
    try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
    for (String command : new String[] {"check", "info", "summary", "dump", "backup"}) {
      CommandRun run = tdb(command, file);
      assertEquals(1, run.exit(), command + run.err());
      assertTrue(run.err().contains("at offset"), run.err());
    }
    assertEquals(0, tdb("rescue", file).exit());
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void summaryIsThatOfTdbtool(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);
    assertEquals(tool("tdbtool", file, "info").out(), tdb("summary", file).out(), kind);
    assertEquals(tdb("summary", file), tdb("summary", "--lock", file));
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void rescueIsThatOfTdbdump(String kind, Set<TdbFlag> flags) throws Exception {
    byte[] good = Files.readAllBytes(SampleFiles.create(directory.resolve("a.tdb"), flags));
    int mutexes = flags.contains(TdbFlag.MUTEX_LOCKING) ? 4096 : 0;
    var random = new Random(SampleFiles.SEED);
    Path damaged = directory.resolve("d.tdb");
    for (int round = 0; round < 15; round++) {
      byte[] bytes = good.clone();
      for (int i = 0; i < round; i++) {
        bytes[mutexes + 168 + random.nextInt(bytes.length - mutexes - 168)] ^=
            (byte) (1 << random.nextInt(8));
      }
      Files.write(damaged, bytes);
      String context = kind + ", seed " + SampleFiles.SEED + ", round " + round;
      CommandRun ours = tdb("rescue", damaged);
      assertEquals(0, ours.exit(), context + ours.err());
      assertEquals(tool("tdbdump", "-e", damaged).out(), ours.out(), context);
      assertEquals(ours, tdb("dump", "-e", damaged), context);
      assertArrayEquals(bytes, Files.readAllBytes(damaged), context);

      Path made = directory.resolve("made");
      CommandRun restored =
          ctdbjReading(SampleFiles.bytes(ours.out()), "tdb", "restore", "-d", "last", made);
      assertEquals(0, restored.exit(), context + restored.err());
      assertEquals(0, tdb("check", made).exit(), context);
      Files.delete(made);
    }
  }
}
