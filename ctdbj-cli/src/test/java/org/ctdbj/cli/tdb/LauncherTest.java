// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own shows: users, signals, terminals, closed streams, locales. */
@Timeout(120)
class LauncherTest {
  @TempDir private static Path installed;
  private static Distribution distribution;

  @TempDir private Path directory;
  private Path file;

  @BeforeAll
  static void install() throws IOException {
    distribution = Distribution.in(installed);
  }

  @BeforeEach
  void sample() throws IOException {
    file = SampleFiles.create(directory.resolve("a.tdb"), Set.of());
  }

  private static CommandRun sh(String script, Object... arguments) throws Exception {
    return distribution.run(shell(script, arguments));
  }

  private static ProcessBuilder shell(String script, Object... arguments) {
    var command = new ArrayList<Object>(List.of("sh", "-c", script, distribution.ctdbj()));
    command.addAll(List.of(arguments));
    return distribution.builder(command.toArray());
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static void await(BooleanSupplier condition, String what) {
    long startNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - startNanos < TimeUnit.SECONDS.toNanos(60), what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  private boolean hasTemporary() {
    try {
      return names().stream().anyMatch(name -> name.endsWith(".tmp"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Root may do all, so root runs the commands as another user. */
  @Tag("interop")
  @Test
  void noPermission() throws Exception {
    boolean isRoot = Files.getOwner(file).getName().equals("root");
    var prefix = new ArrayList<Object>();
    if (isRoot) {
      prefix.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
      assumeTrue(
          Files.isExecutable(Path.of("/usr/bin/setpriv")),
          "root may do all: needs setpriv (Debian package util-linux)");
      Distribution.permit(directory, "rwxr-xr-x");
    }
    prefix.add(distribution.ctdbj());
    CommandRun version = distribution.run(with(prefix, "--version"));
    assumeTrue(version.exit() == 0, "another user must be able to read the JDK and " + installed);
    byte[] before = Files.readAllBytes(file);
    Distribution.permit(file, "---------");
    for (String[] command : DamagedFilesTest.COMMANDS) {
      var arguments = new ArrayList<Object>(List.of("tdb"));
      arguments.addAll(Arrays.asList(DamagedFilesTest.on(file, command)));
      CommandRun run = distribution.run(with(prefix, arguments.toArray()));
      String context = arguments + ": " + run;
      assertEquals(1, run.exit(), context);
      assertEquals("", run.out(), context);
      assertTrue(run.err().startsWith("ctdbj: " + file + ": "), context);
      assertTrue(run.err().contains("EACCES (permission denied)"), context);
      assertTrue(run.err().contains("run the command as root or as the owner"), context);
    }
    assertEquals(List.of("a.tdb"), names());
    Distribution.permit(file, "rw-r--r--");
    assertArrayEquals(before, Files.readAllBytes(file));
    if (isRoot) {
      Path dump = Files.writeString(directory.resolve("dump"), "");
      Distribution.permit(dump, "---------");
      Object[][] refused = {
        {"backup", "-l", file},
        {"put", file, "k", "v"},
        {"restore", directory.resolve("new")},
        {"restore", "-i", dump, directory.resolve("new")}
      };
      for (Object[] command : refused) {
        var arguments = new ArrayList<Object>(List.of("tdb"));
        arguments.addAll(List.of(command));
        CommandRun run = distribution.run(with(prefix, arguments.toArray()));
        assertEquals(1, run.exit(), arguments + ": " + run);
        assertTrue(run.err().contains("permission denied"), run.err());
      }
      assertEquals(0, distribution.run(with(prefix, "tdb", "check", file)).exit());
      assertEquals(List.of("a.tdb", "dump"), names());
    }
  }

  private static Object[] with(List<Object> prefix, Object... rest) {
    var all = new ArrayList<>(prefix);
    all.addAll(List.of(rest));
    return all.toArray();
  }

  /** Without the launcher's care Java makes them question marks, and stores another key. */
  @Test
  void keysAndNamesBeyondAsciiInTheLocaleOfCron() throws Exception {
    Path named = directory.resolve("k\u00fc.tdb");
    Files.copy(file, named);
    var builder = shell("\"$0\" tdb put \"$1\" 'k\u00fc' 'v\u00fc'", named);
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    CommandRun run = distribution.run(builder);
    assertEquals(0, run.exit(), run.err());
    assertEquals("v\\C3\\BC\n", tdb("get", named, "k\\C3\\BC").out());
  }

  @Test
  void bytesThatAreNoTextAreRefused() throws Exception {
    byte[] before = Files.readAllBytes(file);
    CommandRun key = sh("\"$0\" tdb put \"$1\" \"$(printf 'k\\377')\" v", file);
    assertEquals(2, key.exit(), key.err());
    assertTrue(key.err().contains("expected UTF-8, found other bytes"), key.err());
    CommandRun name = sh("\"$0\" tdb info \"$1$(printf '\\377')\"", file);
    assertEquals(2, name.exit(), name.err());
    assertTrue(name.err().contains("expected a name in UTF-8"), name.err());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void closedStreamsAreNotTakenForFiles() throws Exception {
    byte[] before = Files.readAllBytes(file);
    CommandRun in = sh("\"$0\" tdb restore \"$1\" <&-", directory.resolve("new"));
    assertEquals(1, in.exit(), in.err());
    CommandRun out = sh("\"$0\" tdb info --lock \"$1\" >&-", file);
    assertEquals(1, out.exit(), out.err());
    assertTrue(out.err().contains("standard output could not be written"), out.err());
    CommandRun all = sh("\"$0\" tdb put \"$1\" k v <&- >&- 2>&-", file);
    assertEquals(new CommandRun(0, "", ""), all);
    assertEquals("v\n", tdb("get", file, "k").out());
    assertEquals(0, tdb("check", file).exit());
    assertFalse(Arrays.equals(before, Files.readAllBytes(file)));
    assertEquals(List.of("a.tdb"), names());
  }

  @Test
  void aReaderThatGoesAway() throws Exception {
    Path large = directory.resolve("large.tdb");
    try (var tdb = Tdb.open(large, TdbOptions.defaults().withCreate(true))) {
      for (int i = 0; i < 40; i++) {
        tdb.store(SampleFiles.key(i + 3), new byte[20_000]);
      }
    }
    for (String command : List.of("dump", "dump --json", "rescue")) {
      CommandRun run =
          sh(
              "{ \"$0\" tdb " + command + " \"$1\"; echo $? >&2; } | dd bs=1 count=1 2>/dev/null",
              large);
      assertEquals(
          "ctdbj: standard output could not be written completely: Broken pipe\n1\n",
          run.err(),
          command);
    }
  }

  @Test
  void aLackOfMemoryIsSaid() throws Exception {
    Path dump = directory.resolve("dump");
    try (var out = Files.newOutputStream(dump)) {
      out.write(SampleFiles.bytes("{\nkey(1) = \"a\"\ndata(60000000) = \""));
      for (int i = 0; i < 60; i++) {
        out.write(new byte[1_000_000]);
      }
      out.write(SampleFiles.bytes("\"\n}\n"));
    }
    var builder = shell("\"$0\" tdb restore -i \"$1\" \"$2\"", dump, directory.resolve("new"));
    builder.environment().put("CTDBJ_JAVA_OPTS", "-Xmx32m");
    CommandRun run = distribution.run(builder);
    assertEquals(1, run.exit(), run.err());
    assertTrue(run.err().startsWith("ctdbj: not enough memory: Java may use "), run.err());
    assertFalse(run.err().contains("\tat "), run.err());
    assertEquals(List.of("a.tdb", "dump"), names());
  }

  /** A signal that was ignored where the tests were started would be ignored by Java, too. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void aSignalWhileRestoring(String signal) throws Exception {
    Path target = directory.resolve("new.tdb");
    var process =
        distribution
            .builder("env", "--default-signal", distribution.ctdbj(), "tdb", "restore", target)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    var to = process.getOutputStream();
    to.write(SampleFiles.bytes("{\nkey(1) = \"a\"\ndata(1) = \"b\"\n}\n"));
    to.flush();
    await(this::hasTemporary, "no temporary file");

    assertEquals(0, new ProcessBuilder("kill", "-" + signal, "" + process.pid()).start().waitFor());
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertTrue(process.exitValue() > 128, "exit code " + process.exitValue());
    assertEquals(List.of("a.tdb"), names());
  }

  @Test
  void aSignalWhileBackingUp() throws Exception {
    Path large = directory.resolve("large.tdb");
    try (var tdb = Tdb.open(large, TdbOptions.defaults().withCreate(true));
        var load = tdb.bulkLoad()) {
      for (int i = 0; i < 30_000; i++) {
        load.insert(SampleFiles.key(i + 3), new byte[1000]);
      }
    }
    Path backup = Files.copy(file, directory.resolve("large.tdb.bak"));
    byte[] old = Files.readAllBytes(backup);
    var process =
        distribution
            .builder(distribution.ctdbj(), "tdb", "backup", large)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    await(() -> hasTemporary() || !process.isAlive(), "no temporary file");
    process.destroy();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(List.of("a.tdb", "large.tdb", "large.tdb.bak"), names());
    if (process.exitValue() != 0) {
      assertArrayEquals(old, Files.readAllBytes(backup));
    }
    assertEquals(0, tdb("check", "--lock", large).exit());
    assertEquals(0, tdb("check", backup).exit());
  }

  /** Its standard output is read slowly, so that the work is long on any machine. */
  @Tag("interop")
  @ParameterizedTest
  @ValueSource(strings = {"", "--json"})
  void perCentOnATerminal(String option) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/script")), "needs script (Debian package bsdutils)");
    Path large = directory.resolve("large.tdb");
    try (var tdb = Tdb.open(large, TdbOptions.defaults().withCreate(true).withHashSize(100))) {
      for (int i = 0; i < 500; i++) {
        tdb.store(SampleFiles.key(i + 3), new byte[1000]);
      }
    }
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    Path screen = directory.resolve("screen");
    var process =
        distribution
            .builder(
                "script",
                "-qefc",
                distribution.ctdbj() + " tdb dump " + option + " " + large + " > " + pipe,
                screen)
            .redirectInput(new java.io.File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    boolean json = !option.isEmpty();
    try (InputStream in = Files.newInputStream(pipe)) {
      in.readNBytes(100_000);
      if (json) {
        // Long enough for a line; nothing else can be waited for.
        assertFalse(process.waitFor(3, TimeUnit.SECONDS));
      } else {
        await(() -> text(screen).contains(" %, "), "no per cent: " + text(screen));
      }
      in.readAllBytes();
    }
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue());
    String shown = text(screen);
    if (json) {
      assertFalse(shown.contains("reading"), shown);
    } else {
      assertTrue(shown.matches("(?s).*\r\u001b\\[Kreading .*: [0-9]+ %, .* records, .*"), shown);
      assertTrue(
          shown.lastIndexOf("\r\u001b[K") > shown.lastIndexOf(" s"), "the line stays: " + shown);
    }
  }

  private static String text(Path screen) {
    try {
      // The line that script writes about itself has no place in the comparison.
      return Files.exists(screen)
          ? Files.readString(screen, StandardCharsets.ISO_8859_1)
              .replaceAll("(?m)^Script (started|done).*$", "")
          : "";
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void noProgressWhereStandardErrorIsNoTerminal() throws Exception {
    CommandRun run = distribution.run(distribution.ctdbj(), "tdb", "info", file);
    assertEquals(0, run.exit());
    assertEquals("", run.err());
    assertTrue(run.out().contains("live records:    60"), run.out());
  }
}
