// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench.tdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctdbj.cluster.FileTree;
import org.ctdbj.cluster.bench.tdb.Workload.Operation;
import org.ctdbj.tdb.TdbFlag;

/**
 * Measures this project's TDB implementation and libtdb in turn: the same operations with the same
 * keys and values on files of the same kind, and prints a table.
 *
 * <p>usage: TdbComparison [ROUNDS [DIRECTORY [TEXT]]]
 *
 * <p>Rounds that count: 5 if not given. The files are made in DIRECTORY, by default that for
 * temporary files. With TEXT only rows whose text contains it are measured.
 */
public final class TdbComparison {
  /** Rounds that do not count: in them the JVM compiles. */
  private static final int WARM_UP_ROUNDS = 3;

  private static final int VOLATILE =
      TdbFlag.CLEAR_IF_FIRST.bit()
          | TdbFlag.NOSYNC.bit()
          | TdbFlag.DISALLOW_NESTING.bit()
          | TdbFlag.INCOMPATIBLE_HASH.bit();
  private static final int NO_LOCKS = VOLATILE | TdbFlag.NOLOCK.bit();
  private static final int MUTEXES = VOLATILE | TdbFlag.MUTEX_LOCKING.bit();
  private static final int PERSISTENT = TdbFlag.DISALLOW_NESTING.bit();

  private static final int HASH_SIZE = 1_009;
  private static final int RECORDS = 1_000;
  private static final int VALUE = 100;
  private static final int GROWING_RECORDS = 1_000;
  private static final int FIRST_LENGTH = 64;
  private static final int LOADED_HASH_SIZE = 100_001;
  private static final int LOADED_RECORDS = 1_000_000;

  private final Path directory;
  private final List<Row> rows;

  /** Counted rounds only: nanoseconds by row, one array of {ours, libtdb's} per round. */
  private final Map<Row, List<long[]>> figures = new HashMap<>();

  private TdbComparison(Path directory, List<Row> rows) {
    this.directory = directory;
    this.rows = rows;
  }

  /**
   * A row of the table.
   *
   * @param slot its number, also in file names
   * @param count operations per round
   */
  private record Row(int slot, String text, Operation operation, int flags, int count) {
    private boolean loads() {
      return operation == Operation.LOAD;
    }

    private int slices() {
      return loads() ? 2 : 8;
    }

    private int records() {
      return switch (operation) {
        case GROW -> GROWING_RECORDS;
        case LOAD -> LOADED_RECORDS;
        default -> RECORDS;
      };
    }

    private int firstLength() {
      return operation == Operation.GROW ? FIRST_LENGTH : VALUE;
    }
  }

  private static List<Row> rows() {
    var rows = new ArrayList<Row>();
    each(rows, "fetch", Operation.FETCH, 200_000, 20_000, 200_000);
    each(rows, "parse without copying", Operation.PARSE, 100_000, 20_000, 100_000);
    each(rows, "store, same size", Operation.STORE, 100_000, 20_000, 100_000);
    each(rows, "store, growing", Operation.GROW, 6_000, 6_000, 6_000);
    each(rows, "delete and re-insert", Operation.REINSERT, 20_000, 5_000, 10_000);
    each(rows, "chain lock + unlock", Operation.LOCK, 0, 20_000, 100_000);
    each(rows, "chain lock + fetch + store + unlock", Operation.UPDATE, 150_000, 20_000, 150_000);
    each(rows, "traverse, per record", Operation.TRAVERSE, 100_000, 10_000, 10_000);
    add(
        rows,
        "bulk load of 1,000,000 records, per record",
        Operation.LOAD,
        VOLATILE,
        LOADED_RECORDS);
    for (boolean sync : new boolean[] {false, true}) {
      int flags = sync ? PERSISTENT : PERSISTENT | TdbFlag.NOSYNC.bit();
      String text = sync ? ", with sync" : ", no sync";
      add(rows, "commit of 1 record" + text, Operation.COMMIT1, flags, sync ? 5 : 500);
      add(rows, "commit of 10 records" + text, Operation.COMMIT10, flags, sync ? 5 : 200);
      add(rows, "commit of 1,000 records" + text, Operation.COMMIT1000, flags, sync ? 3 : 5);
    }
    return rows;
  }

  private static void each(
      List<Row> rows, String text, Operation operation, int noLocks, int fcntl, int mutexes) {
    if (noLocks > 0) {
      add(rows, text + ", no locks", operation, NO_LOCKS, noLocks);
    }
    add(rows, text + ", fcntl", operation, VOLATILE, fcntl);
    add(rows, text + ", mutexes", operation, MUTEXES, mutexes);
  }

  private static void add(List<Row> rows, String text, Operation operation, int flags, int count) {
    rows.add(new Row(rows.size(), text, operation, flags, count));
  }

  /** Runs the comparison. */
  public static void main(String[] arguments) throws IOException {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
    Path directory =
        arguments.length > 1
            ? Files.createTempDirectory(Path.of(arguments[1]), "tdb-bench")
            : Files.createTempDirectory("tdb-bench");
    String wanted = arguments.length > 2 ? arguments[2] : "";
    var chosen = rows().stream().filter(row -> row.text.contains(wanted)).toList();
    try (Side libtdb = LibTdbSide.start(directory);
        Side ours = new OurSide()) {
      new TdbComparison(directory, chosen).run(ours, libtdb, rounds);
    } finally {
      FileTree.delete(directory);
    }
  }

  private void run(Side ours, Side libtdb, int rounds) throws IOException {
    for (Row row : rows) {
      open(ours, row, "ctdbj");
      open(libtdb, row, "libtdb");
    }
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (Row row : rows) {
        if (row.loads() && round < -1) {
          continue;
        }
        long[] pair = measure(row, ours, libtdb);
        if (round >= 0) {
          figures.computeIfAbsent(row, _ -> new ArrayList<>()).add(pair);
        }
      }
      System.err.println(round < 0 ? "warm-up round" : "round " + (round + 1) + " of " + rounds);
    }
    print(rounds);
  }

  private Path file(Row row, String side) {
    return directory.resolve(row.slot + "." + side + ".tdb");
  }

  private void open(Side side, Row row, String name) throws IOException {
    int hashSize = row.loads() ? LOADED_HASH_SIZE : HASH_SIZE;
    side.open(row.slot, row.flags, hashSize, file(row, name));
    if (!row.loads()) {
      side.fill(row.slot, row.records(), row.firstLength());
    }
  }

  /**
   * One round of a row: nanoseconds of the fastest slice of ours and of libtdb's. Both run in short
   * slices by turns, so that what else the machine does meets both, and the fastest has met least
   * of it.
   */
  private long[] measure(Row row, Side ours, Side libtdb) throws IOException {
    long own = Long.MAX_VALUE;
    long other = Long.MAX_VALUE;
    for (int slice = 0; slice < row.slices(); slice++) {
      // Who comes first in one slice comes last in the next.
      if (slice % 2 == 0) {
        own = Math.min(own, measure(ours, row, "ctdbj"));
        other = Math.min(other, measure(libtdb, row, "libtdb"));
      } else {
        other = Math.min(other, measure(libtdb, row, "libtdb"));
        own = Math.min(own, measure(ours, row, "ctdbj"));
      }
    }
    return new long[] {own, other};
  }

  private long measure(Side side, Row row, String name) throws IOException {
    if (row.loads()) {
      Files.deleteIfExists(file(row, name));
      open(side, row, name);
    } else if (row.operation == Operation.GROW) {
      side.fill(row.slot, row.records(), row.firstLength());
    }
    return side.run(row.slot, row.operation, row.count, row.records(), VALUE);
  }

  private void print(int rounds) {
    System.out.println(
        "| operation | ctdbj | libtdb | ctdbj's rate / libtdb's, median of "
            + rounds
            + " | lowest | highest |");
    System.out.println("|---|---|---|---|---|---|");
    for (Row row : rows) {
      var measured = figures.get(row);
      double[] ratios =
          measured.stream().mapToDouble(pair -> (double) pair[1] / pair[0]).sorted().toArray();
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %.2f | %.2f | %.2f |%n",
          row.text,
          time(measured, 0, row),
          time(measured, 1, row),
          median(ratios),
          ratios[0],
          ratios[ratios.length - 1]);
    }
  }

  private static String time(List<long[]> measured, int side, Row row) {
    double nanos =
        median(measured.stream().mapToDouble(pair -> pair[side]).sorted().toArray()) / row.count;
    return nanos < 10_000
        ? String.format(Locale.ROOT, "%.0f ns", nanos)
        : String.format(Locale.ROOT, "%.1f µs", nanos / 1000);
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }
}
