// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.ctdbjReading;
import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.ctdbj.cli.tdb.CommandRun.tool;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code keys}, {@code get}, {@code put}, {@code delete}, {@code dump --key} and {@code repack}.
 */
class RecordCommandsTest {
  @TempDir private Path directory;

  private Path sample(TdbFlag... flags) {
    return SampleFiles.create(directory.resolve("a.tdb"), Set.of(flags));
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void dumpsAreThoseOfTdbdump(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);

    assertEquals(tool("tdbdump", file), tdb("dump", file), kind);
    assertEquals(tdb("dump", file), tdb("dump", "--lock", file), kind);
    for (String key : new String[] {"", "key \"3\\"}) {
      CommandRun theirs = tool("tdbdump", "-k", key, file);
      CommandRun ours = tdb("dump", "-k", key.replace("\\", "\\\\"), file);
      assertEquals(theirs.exit(), ours.exit(), key);
      assertEquals(theirs.out(), ours.out(), key);
    }
    assertEquals(2, tdb("dump", "-k", "x", "-e", file).exit());
  }

  /** What a program does to a file with tdbtool and with ours gives the same bytes. */
  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void changesAreThoseOfTdbtool(String kind, Set<TdbFlag> flags) throws Exception {
    if (flags.contains(TdbFlag.MUTEX_LOCKING)) {
      return; // tdbtool cannot write to such files
    }
    Path theirs = SampleFiles.create(directory.resolve("a.tdb"), flags);
    Path ours = Files.copy(theirs, directory.resolve("b.tdb"));
    String[][] steps = {
      {"store", "key with spaces", "value"},
      {"store", "new\\00", "a longer value \\FF\\0A"},
      {"store", "key with spaces", "v"},
      {"delete", "key \"5\\5C\\00"},
      {"delete", "key \"9\\5C\\00"},
      {"store", "again", "x".repeat(5000)},
      {"repack"}
    };
    for (String[] step : steps) {
      switch (step.length) {
        case 1 -> {
          tool("tdbtool", theirs, step[0]);
          assertEquals(0, tdb("repack", ours).exit());
        }
        case 2 -> {
          tool("tdbtool", theirs, step[0], step[1]);
          assertEquals(0, tdb("delete", ours, step[1]).exit(), step[1]);
        }
        default -> {
          tool("tdbtool", theirs, step[0], step[1], step[2]);
          assertEquals(0, tdb("put", ours, step[1], step[2]).exit(), step[1]);
        }
      }
      assertEquals(-1L, Files.mismatch(theirs, ours), kind + " " + step[0]);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void everyListedKeyCanBeUsed(String kind, Set<TdbFlag> flags) {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), flags);
    var keys = tdb("keys", file).out().split("\n", -1);
    assertEquals(SampleFiles.RECORDS + 1, keys.length, kind);
    var seen = new HashSet<String>();
    for (int i = 0; i < keys.length - 1; i++) {
      assertTrue(seen.add(keys[i]), keys[i]);
      String value = tdb("get", file, keys[i]).out();
      String hex = tdb("get", "--hex", file, keys[i]).out().strip();
      assertEquals(0, tdb("put", "--modify", file, keys[i], hex).exit(), keys[i]);
      assertEquals(value, tdb("get", file, keys[i]).out());
    }
    for (String hexKey : tdb("keys", "--hex", file).out().strip().split("\n", -1)) {
      assertEquals(0, tdb("delete", file, hexKey).exit(), hexKey);
    }
    assertEquals("", tdb("keys", file).out());
    assertEquals(0, tdb("check", file).exit());
  }

  @Test
  void notationIsReadBackToTheSameBytes() {
    var random = new Random(SampleFiles.SEED);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = new byte[random.nextInt(6)];
      random.nextBytes(bytes);
      if (bytes.length > 1 && i % 3 == 0) {
        bytes[0] = '0';
        bytes[1] = 'x';
      }
      assertArrayEquals(bytes, Notation.read(Notation.write(bytes)), Notation.write(bytes));
      assertArrayEquals(bytes, Notation.read(Notation.writeHex(bytes)));
    }
    assertArrayEquals(new byte[] {'a', '\\', 'b'}, Notation.read("a\\\\b"));
    assertArrayEquals(new byte[] {(byte) 0xC3, (byte) 0xA4}, Notation.read("\u00e4"));
  }

  @Test
  void notationThatIsWrong() {
    Path file = sample();
    for (String wrong : new String[] {"a\\", "a\\4", "a\\zz", "0x1", "0xgg"}) {
      CommandRun run = tdb("get", file, wrong);
      assertEquals(2, run.exit(), wrong);
      assertTrue(run.err().contains("expected"), run.err());
    }
  }

  @Test
  void getForms() {
    Path file = sample();
    assertEquals(0, tdb("put", file, "k", "\\00\\ff\"").exit());

    assertEquals("\\00\\FF\\22\n", tdb("get", file, "k").out());
    assertEquals("0x00FF22\n", tdb("get", "--hex", file, "k").out());
    assertEquals("\0\u00ff\"", tdb("get", "--raw", file, "k").out());
    assertEquals(2, tdb("get", "--raw", "--hex", file, "k").exit());
    CommandRun missing = tdb("get", file, "nothing");
    assertEquals(1, missing.exit());
    assertTrue(missing.err().contains("no record with the key \"nothing\" of 7 bytes"));
  }

  @Test
  void putFromAFileAndFromStandardInput() throws IOException {
    Path file = sample();
    byte[] bytes = new byte[70_000];
    new Random(SampleFiles.SEED).nextBytes(bytes);
    Path value = Files.write(directory.resolve("value"), bytes);

    assertEquals(0, tdb("put", "--value-file", value, file, "k").exit());
    assertArrayEquals(bytes, SampleFiles.bytes(tdb("get", "--raw", file, "k").out()));
    assertEquals(0, ctdbjReading(new byte[] {7}, "tdb", "put", "-f", "-", file, "k").exit());
    assertEquals("\\07\n", tdb("get", file, "k").out());
    assertEquals(2, tdb("put", file, "k").exit());
    assertEquals(2, tdb("put", "-f", value, file, "k", "v").exit());
    assertEquals(1, tdb("put", "-f", directory.resolve("none"), file, "k").exit());
  }

  @Test
  void insertAndModify() {
    Path file = sample();
    assertEquals(1, tdb("put", "--modify", file, "k", "1").exit());
    assertEquals(0, tdb("put", "--insert", file, "k", "1").exit());
    CommandRun again = tdb("put", "--insert", file, "k", "2");
    assertEquals(1, again.exit());
    assertTrue(again.err().contains("without --insert it is overwritten"), again.err());
    assertEquals(0, tdb("put", "--modify", "--transaction", file, "k", "3").exit());
    assertEquals("3\n", tdb("get", file, "k").out());
    assertEquals(2, tdb("put", "--insert", "--modify", file, "k", "3").exit());
  }

  @Test
  void deleteOfSeveralKeysOfWhichOneIsMissing() {
    Path file = sample();
    CommandRun run = tdb("delete", file, "none", "key \"5\\5C\\00");
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("\"none\""), run.err());
    assertEquals(0, tdb("delete", "--transaction", file, "key \"6\\5C\\00").exit());
    assertTrue(tdb("check", file).out().contains("good, 58 live"));
  }

  @Test
  void aLockThatAnotherHolds() {
    Path file = sample();
    byte[] key = SampleFiles.key(5);
    try (var other = Tdb.open(file, TdbOptions.defaults())) {
      other.lockChain(key);
      CommandRun run = tdb("put", "--no-wait", file, Notation.write(key), "v");
      assertEquals(1, run.exit());
      assertTrue(run.err().contains("another process holds the lock"), run.err());
      assertEquals(1, tdb("delete", "--no-wait", file, Notation.write(key)).exit());
      // Looking needs no lock.
      assertEquals(0, tdb("get", file, Notation.write(key)).exit());
      other.unlockChain(key);
    }
    assertEquals(0, tdb("put", "--no-wait", file, Notation.write(key), "v").exit());
  }

  @Test
  void repackTellsBeforeAndAfter() {
    Path file = sample();
    CommandRun run = tdb("repack", file);
    assertEquals(0, run.exit(), run.err());
    assertTrue(
        run.out().matches(".*: 60 records repacked, free records \\d+ before and \\d+ after.*\n"),
        run.out());
  }
}
