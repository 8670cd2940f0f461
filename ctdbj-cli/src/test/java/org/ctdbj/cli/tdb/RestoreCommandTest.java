// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.ctdbjReading;
import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.ctdbj.cli.tdb.CommandRun.tool;
import static org.ctdbj.cli.tdb.CommandRun.toolReading;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.ctdbj.tdb.TdbFlag;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ctdbj tdb restore}, beside tdbrestore. */
class RestoreCommandTest {
  private static final String RECORD = "{\nkey(1) = \"a\"\ndata(1) = \"b\"\n}\n";

  @TempDir private Path directory;

  private CommandRun restore(String dump, Path file, Object... options) {
    var arguments = new java.util.ArrayList<Object>(List.of("tdb", "restore"));
    arguments.addAll(List.of(options));
    arguments.add(file);
    return ctdbjReading(SampleFiles.bytes(dump), arguments.toArray());
  }

  private void assertOnly(String... names) throws IOException {
    try (var files = Files.list(directory)) {
      assertEquals(
          List.of(names), files.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void filesAreThoseOfTdbrestore(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);
    String dump = tool("tdbdump", file).out();
    Path theirs = directory.resolve("theirs");
    Path ours = directory.resolve("ours");
    assertEquals(0, toolReading(SampleFiles.bytes(dump), "tdbrestore", theirs).exit());

    assertEquals(new CommandRun(0, ours + ": 60 records\n", ""), restore(dump, ours));
    assertEquals(-1L, Files.mismatch(theirs, ours), kind);
    assertEquals(Files.getPosixFilePermissions(theirs), Files.getPosixFilePermissions(ours));
    assertEquals(tool("tdbdump", ours), tdb("dump", ours));
  }

  @Test
  void aDumpFromAFileAndOtherChains() throws IOException {
    Path dump = Files.writeString(directory.resolve("dump"), RECORD);
    Path file = directory.resolve("new.tdb");

    assertEquals(0, tdb("restore", "--jenkins", "-n", "1001", "--json", "-i", dump, file).exit());
    String info = tdb("info", file).out();
    assertTrue(info.contains("hash size:       1001 chains\n"), info);
    assertTrue(info.contains("hash function:   jenkins\n"), info);
    assertEquals(1, tdb("restore", "-i", directory.resolve("none"), dump).exit());
    assertEquals(2, tdb("restore", "-n", "-1", file).exit());
    assertOnly("dump", "new.tdb");
  }

  @Test
  void aDirectoryIsNoDump() throws IOException {
    CommandRun run = tdb("restore", "-i", directory, directory.resolve("new"));
    assertEquals(1, run.exit());
    assertEquals(
        "ctdbj: " + directory + ": expected a file to read from, found a directory\n", run.err());
    assertOnly();
  }

  @Test
  void anExistingFileIsNotTouched() throws IOException {
    Path file = Files.writeString(directory.resolve("a.tdb"), "precious");
    CommandRun run = restore(RECORD, file);

    assertEquals(1, run.exit());
    assertTrue(run.err().contains("there is a file of that name"), run.err());
    assertEquals("precious", Files.readString(file));
    assertOnly("a.tdb");
  }

  /** Refused by tdbrestore too; unlike that we leave no file behind. */
  @Tag("interop")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\n",
        "x",
        "{\nkey(1) = \"a\"\ndata(1) = \"b\"\n}",
        "\n" + RECORD,
        RECORD + "trailing",
        RECORD + RECORD,
        "{\nkey(2) = \"a\"\ndata(1) = \"b\"\n}\n",
        "{\nkey(1) = \"ab\"\ndata(1) = \"b\"\n}\n",
        "{\nkey(1) = \"a\"\ndata(1) = \"\\zz\"\n}\n",
        "{\nkey(1) = \"a\"\ndata(1) = \"\\6\"\n}\n",
        "{\nkey() = \"a\"\ndata(1) = \"b\"\n}\n",
        "{\nkey(-1) = \"a\"\ndata(1) = \"b\"\n}\n",
        "{\nkey(1) = \"a\"\ndata(2000000000) = \"b\"\n}\n",
        "{\nkey(1) = \"a\"\ndata(99999999999999999999) = \"b\"\n}\n",
        "{\r\nkey(1) = \"a\"\r\ndata(1) = \"b\"\r\n}\r\n",
      })
  void badDumps(String dump) throws Exception {
    Path theirs = directory.resolve("theirs");
    assertEquals(1, toolReading(SampleFiles.bytes(dump), "tdbrestore", theirs).exit());
    Files.deleteIfExists(theirs);

    CommandRun run = restore(dump, directory.resolve("ours"));

    assertEquals(1, run.exit());
    assertTrue(
        run.err().matches("(?s)ctdbj: standard input: (line|record) \\d+: expected .*, found .*"),
        run.err());
    assertTrue(run.err().contains("was not created"), run.err());
    assertOnly();
  }

  @Test
  void theMessageNamesTheLine() {
    Path file = directory.resolve("new");
    assertTrue(
        restore(RECORD + "{\nkey(1) = \"x\"\ndata(3) = \"b\"\n}\n", file)
            .err()
            .startsWith(
                "ctdbj: standard input: line 7: expected 3 bytes of data as announced, found only"
                    + " 1\n"));
    assertTrue(
        restore(RECORD + "{\nkex(1) = \"x\"\n", file)
            .err()
            .startsWith("ctdbj: standard input: line 6: expected 'key(', found 'x'\n"));
  }

  @Test
  void duplicatesIfAskedFor() {
    String dump = RECORD + "{\nkey(1) = \"a\"\ndata(1) = \"c\"\n}\n";
    Path first = directory.resolve("first");
    Path last = directory.resolve("last");

    assertEquals(
        new CommandRun(0, first + ": 1 records\n", ""), restore(dump, first, "-d", "first"));
    assertEquals(
        new CommandRun(0, last + ": 1 records\n", ""), restore(dump, last, "--duplicates=last"));
    assertEquals("b\n", tdb("get", first, "a").out());
    assertEquals("c\n", tdb("get", last, "a").out());
  }

  @Test
  void textsThatWereTouchedByChanceNeverFailInAnotherWay() throws IOException {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), Set.of());
    byte[] dump = SampleFiles.bytes(tdb("dump", file).out());
    var random = new Random(SampleFiles.SEED);
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      byte[] touched = dump.clone();
      touched[random.nextInt(touched.length)] = (byte) random.nextInt(256);
      Path made = directory.resolve("made");
      CommandRun run = ctdbjReading(touched, "tdb", "restore", made);
      assertTrue(run.exit() == 0 || run.err().contains("expected"), "round " + i + run.err());
      assertEquals(run.exit() == 0, Files.deleteIfExists(made), "round " + i);
      refused += run.exit();
    }
    assertTrue(refused > 20, "seed " + SampleFiles.SEED + ": only " + refused);
    assertOnly("a.tdb");
  }

  @Test
  void bytesMayStandUnescaped() {
    Path file = directory.resolve("new");
    assertEquals(0, restore("{\nkey(1) = \"\\6a\"\ndata(3) = \"\n\u00ff\t\"\n}\n", file).exit());
    assertEquals("\\0A\\FF\\09\n", tdb("get", file, "j").out());
  }

  @Test
  void anEmptyDumpGivesAnEmptyFile() throws IOException {
    Path file = directory.resolve("new");
    assertEquals(new CommandRun(0, file + ": 0 records\n", ""), restore("", file));
    assertArrayEquals(new byte[0], SampleFiles.bytes(tdb("dump", file).out()));
  }
}
