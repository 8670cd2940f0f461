// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.ctdbj;
import static org.ctdbj.cli.tdb.CommandRun.tool;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctdbj.cli.Ctdbj;
import org.ctdbj.cli.Streams;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ctdbj tdb} on good and damaged files, beside the tools of libtdb. */
class TdbCommandTest {
  private static final long SEED = 1141L;

  @TempDir private Path directory;

  private Path file(TdbFlag... flags) {
    Path path = directory.resolve("test.tdb");
    var random = new Random(SEED);
    try (Tdb tdb = Tdb.open(path, TdbOptions.of(flags).withCreate(true).withHashSize(7))) {
      for (int i = 0; i < 40; i++) {
        byte[] value = new byte[random.nextInt(300)];
        random.nextBytes(value);
        tdb.store(("key \"" + i + "\\").getBytes(StandardCharsets.UTF_8), value);
      }
      assertTrue(tdb.delete("key \"7\\".getBytes(StandardCharsets.UTF_8)));
    }
    return path;
  }

  @Test
  void infoOfAPlainFile() throws IOException {
    Path file = file();
    CommandRun result = ctdbj("tdb", "info", file);

    assertEquals(0, result.exit(), result.err());
    assertEquals("", result.err());
    assertTrue(result.out().contains("size:            " + Files.size(file) + " bytes\n"));
    assertTrue(result.out().contains("byte order:      little-endian\n"), result.out());
    assertTrue(result.out().contains("hash function:   default\n"), result.out());
    assertTrue(result.out().contains("hash size:       7 chains\n"), result.out());
    assertTrue(result.out().contains("mutex area:      none\n"), result.out());
    assertTrue(result.out().contains("live records:    39\n"), result.out());
    assertTrue(result.out().contains("dead records:    0\n"), result.out());
    assertTrue(result.out().contains("recovery area:   none\n"), result.out());
    assertEquals(result, ctdbj("tdb", "info", "--lock", file));
  }

  @Test
  void infoAgreesWithCheckAndAccountsForEveryByte() {
    Path file = file(TdbFlag.VOLATILE);
    try (Tdb tdb = Tdb.open(file, TdbOptions.defaults())) {
      var info = tdb.info();
      var check = tdb.check();

      assertEquals(check.liveRecords(), info.liveRecords());
      assertEquals(check.deadRecords(), info.deadRecords());
      assertEquals(check.freeRecords(), info.freeRecords());
      assertEquals(1, info.deadRecords());
      assertTrue(info.freeBytes() > 0 && info.freeBytes() < info.size(), info::toString);
    }
  }

  @Test
  void infoAfterATransactionInAFileWithCounting() {
    Path file = file(TdbFlag.INCOMPATIBLE_HASH, TdbFlag.SEQNUM);
    try (Tdb tdb = Tdb.open(file, TdbOptions.of(TdbFlag.SEQNUM))) {
      tdb.transactionStart();
      tdb.store(new byte[] {1}, new byte[] {2});
      tdb.transactionCommit();
    }
    CommandRun result = ctdbj("tdb", "info", file);

    assertEquals(0, result.exit(), result.err());
    assertTrue(result.out().contains("hash function:   jenkins\n"), result.out());
    assertFalse(result.out().contains("sequence number: 0\n"), result.out());
    assertTrue(
        result.out().matches("(?s).*recovery area:   \\d+ bytes at offset \\d+\n.*"), result.out());
  }

  @Test
  void infoOfAFileWithMutexes() {
    Path file = file(TdbFlag.MUTEX_LOCKING, TdbFlag.CLEAR_IF_FIRST);
    CommandRun result = ctdbj("tdb", "info", file);

    assertEquals(0, result.exit(), result.err());
    assertTrue(result.out().contains("features:        mutexes\n"), result.out());
    assertTrue(result.out().matches("(?s).*mutex area:      \\d+ bytes\n.*"), result.out());
  }

  @Test
  void checkOfAGoodFile() {
    Path file = file();
    CommandRun result = ctdbj("tdb", "check", file);

    assertEquals(0, result.exit(), result.err());
    assertTrue(result.out().startsWith(file + ": good, 39 live, 0 dead, "), result.out());
    assertEquals(result, ctdbj("tdb", "check", "--lock", file));
  }

  @Test
  void checkNamesFileOffsetExpectedAndFound() throws IOException {
    Path file = file();
    byte[] bytes = Files.readAllBytes(file);
    int chainOfNothing = 172;
    bytes[chainOfNothing] ^= 4; // head of the first chain
    Files.write(file, bytes);
    CommandRun result = ctdbj("tdb", "check", file);

    assertEquals(1, result.exit());
    assertEquals("", result.out());
    assertTrue(
        result.err().matches("(?s)ctdbj: .*test\\.tdb: at offset \\d+: expected .*, found .*\n.*"),
        result.err());
  }

  @Test
  void aFileThatIsNoTdbFile() throws IOException {
    Path file = directory.resolve("other");
    Files.write(file, new byte[1000]);
    for (String command : new String[] {"info", "dump", "check"}) {
      CommandRun result = ctdbj("tdb", command, file);

      assertEquals(1, result.exit(), command);
      assertEquals("", result.out());
      assertTrue(result.err().startsWith("ctdbj: " + file + ": at offset 0: "), result.err());
    }
    assertEquals(1, ctdbj("tdb", "info", directory.resolve("missing")).exit());
  }

  @Test
  void usage() {
    assertEquals(2, ctdbj().exit());
    assertEquals(2, ctdbj("tdb").exit());
    assertEquals(2, ctdbj("tdb", "dump").exit());
    assertEquals(2, ctdbj("tdb", "frobnicate", "x").exit());
    assertEquals(2, ctdbj("--no-such-option").exit());
    assertEquals(0, ctdbj("tdb", "check", "--help").exit());
    CommandRun version = ctdbj("--version");
    assertEquals(0, version.exit());
    assertTrue(version.out().startsWith("ctdbj "), version.out());
    assertEquals(version, ctdbj("tdb", "info", "--version"));
  }

  @Test
  void outputThatCannotBeWrittenIsAFailure() {
    for (String[] command :
        new String[][] {{"dump"}, {"dump", "--json"}, {"keys"}, {"info"}, {"check"}, {"ltdb"}}) {
      var err = new StringWriter();
      var out =
          new OutputStream() {
            @Override
            public void write(int b) throws IOException {
              throw new IOException("No space left on device");
            }
          };
      var streams = Streams.of(InputStream.nullInputStream(), out, new PrintWriter(err, true));
      var arguments = new ArrayList<>(List.of(command));
      arguments.addFirst("tdb");
      arguments.add(file().toString());
      arguments.addAll(command[0].equals("ltdb") ? List.of("-s", "0") : List.of());

      assertEquals(
          1, Ctdbj.commandLine(streams).execute(arguments.toArray(new String[0])), command[0]);
      assertEquals(
          "ctdbj: standard output could not be written completely: No space left on device\n",
          err.toString());
    }
  }

  @Test
  @Tag("interop")
  void dumpIsThatOfTdbdump() throws IOException, InterruptedException {
    Path file = file();
    CommandRun result = ctdbj("tdb", "dump", file);

    assertEquals(0, result.exit(), result.err());
    assertEquals(tool("tdbdump", file).out(), result.out());
  }

  /** What is wrong for libtdb is wrong for us; we look at a few more rules. */
  @Test
  @Tag("interop")
  void checkFindsWhatTdbtoolFinds() throws IOException, InterruptedException {
    byte[] good = Files.readAllBytes(file());
    var random = new Random(SEED);
    int refused = 0;
    for (int round = 0; round < 40; round++) {
      byte[] bytes = good.clone();
      int at = round % 2 == 0 ? 36 + random.nextInt(180) : random.nextInt(bytes.length);
      bytes[at] ^= (byte) (1 << random.nextInt(8));
      Path damaged = directory.resolve("damaged.tdb");
      Files.write(damaged, bytes);
      CommandRun ours = ctdbj("tdb", "check", damaged);
      boolean theirsGood =
          tool("tdbtool", damaged, "check").out().contains("Database integrity is OK");

      String context = "seed " + SEED + ", round " + round + ", byte " + at;
      assertTrue(theirsGood || ours.exit() == 1, context + ": only tdbtool finds fault");
      refused += theirsGood ? 0 : 1;
    }
    assertTrue(refused > 5, "only " + refused + " damages that tdbtool finds");
  }
}
