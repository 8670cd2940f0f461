// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.ctdbj.cli.tdb.CommandRun.tool;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Set;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code ctdbj tdb ltdb}, beside ltdbtool. */
class LtdbCommandTest {
  @TempDir private Path directory;

  private Path cluster(Set<TdbFlag> flags) {
    Path path = clusterWithoutShortRecord(flags);
    try (Tdb tdb = Tdb.open(path, TdbOptions.of(TdbFlag.MUTEX_LOCKING))) {
      tdb.store(SampleFiles.bytes("short"), SampleFiles.bytes("bytes"));
    }
    return path;
  }

  private Path clusterWithoutShortRecord(Set<TdbFlag> flags) {
    Path path = directory.resolve("a.tdb");
    var options = TdbOptions.defaults().withFlags(flags).withCreate(true).withHashSize(3);
    try (Tdb tdb = Tdb.open(path, options)) {
      store(tdb, "with data", 5, 1, 0x0001_0000, 0, "v\"\\\0");
      store(tdb, "no data", 6, -1, 0x0101_8000, 0, "");
      store(tdb, "high", -1, 2, 0, 0, "x");
      store(tdb, "padded", 7, 2, 0x0E04_0000, 9, "y");
      var sequence = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(77).array();
      store(
          tdb,
          "__db_sequence_number__\0",
          8,
          0,
          0,
          0,
          new String(sequence, java.nio.charset.StandardCharsets.ISO_8859_1));
    }
    return path;
  }

  private static void store(
      Tdb tdb, String key, long rsn, int dmaster, int flags, int padding, String data) {
    var header = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder());
    header.putLong(rsn).putInt(dmaster).putInt(0).putInt(flags).putInt(padding);
    tdb.store(SampleFiles.bytes(key), header.array(), SampleFiles.bytes(data));
  }

  @Tag("interop")
  @ParameterizedTest(name = "{0}")
  @MethodSource("org.ctdbj.cli.tdb.SampleFiles#kinds")
  void outputIsThatOfLtdbtool(String kind, Set<TdbFlag> flags) throws Exception {
    Path file = clusterWithoutShortRecord(flags);
    for (String size : new String[] {"-s64", "-s32", "-s0"}) {
      for (String empty : new String[] {"", "-e"}) {
        assertEquals(
            empty.isEmpty()
                ? tool("ltdbtool", "dump", size, file).out()
                : tool("ltdbtool", "dump", size, empty, file).out(),
            empty.isEmpty()
                ? tdb("ltdb", "--headers=none", size, file).out()
                : tdb("ltdb", "--headers=none", size, empty, file).out(),
            kind + size + empty);
        assertEquals(
            empty.isEmpty()
                ? tool("ltdbtool", "dump", "-p", size, file).out()
                : tool("ltdbtool", "dump", "-p", size, empty, file).out(),
            empty.isEmpty()
                ? tdb("ltdb", "--headers=numbers", size, file).out()
                : tdb("ltdb", "--headers=numbers", size, empty, file).out(),
            kind + size + empty);
      }
    }
  }

  @Test
  void flagsByName() {
    Path file = cluster(Set.of());
    CommandRun run = tdb("ltdb", file, "no data");

    assertEquals(
        """
        {
        key(7) = "no data"
        dmaster: -1
        rsn: 6
        flags: 0x1018000 MIGRATED_WITH_DATA RO_HAVE_DELEGATIONS 0x8000
        data(0) = ""
        }
        """,
        run.out());
    String padded = tdb("ltdb", file, "padded").out();
    assertTrue(
        padded.contains(
            "flags: 0xE040000 AUTOMATIC RO_HAVE_READONLY RO_REVOKING_READONLY"
                + " RO_REVOKE_COMPLETE\n"),
        padded);
    assertEquals(1, tdb("ltdb", file, "nothing").exit());
  }

  /** ltdbtool ends at a record without a whole header, in silence; all behind it is not shown. */
  @Test
  void oddRecordsAreToldAndTheOthersShown() {
    Path file = cluster(Set.of());
    CommandRun run = tdb("ltdb", "-e", file);

    assertEquals(0, run.exit());
    assertEquals(5, run.out().split("dmaster: ", -1).length - 1, run.out());
    assertTrue(
        run.err().contains("the value of \"short\" has 5 bytes, expected a header of 24"),
        run.err());
    assertTrue(run.err().contains("\"padded\" has a padding that is not zero"), run.err());
  }

  @Test
  void counts() {
    CommandRun run = tdb("ltdb", "--count", cluster(Set.of()));

    assertEquals(0, run.exit(), run.err());
    for (String line :
        new String[] {
          "kind (by features):   persistent",
          "records with data:    4",
          "records without data: 1",
          "too short for header: 1",
          "bytes of data:        14",
          "sequence number:      77",
          "data master -1: 1",
          "data master 0: 1",
          "data master 1: 1",
          "data master 2: 2",
          "flag MIGRATED_WITH_DATA: 2"
        }) {
      assertTrue(run.out().contains(line + "\n"), line + " in " + run.out());
    }
  }

  @Test
  void kinds() {
    assertTrue(
        tdb("ltdb", "-c", cluster(Set.of(TdbFlag.MUTEX_LOCKING, TdbFlag.CLEAR_IF_FIRST)))
            .out()
            .contains(":   volatile\n"));
    assertEquals(2, tdb("ltdb", "-s", "16", directory.resolve("a.tdb")).exit());
    assertEquals(2, tdb("ltdb", "--headers=all", directory.resolve("a.tdb")).exit());
  }
}
