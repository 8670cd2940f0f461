// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.FileTree;
import org.ctdbj.cluster.hammer.Hammer;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.Uptime;
import org.ctdbj.protocol.body.VnnMap;

/**
 * Measures clusters of three nodes on this machine, the original and this project's daemons in
 * turn, and prints a table.
 *
 * <p>usage: Comparison [ROUNDS]
 */
public final class Comparison {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final int MIGRATIONS = 20_000;
  private static final int RECORDS = 100_000;

  private Comparison() {}

  private enum Row {
    START_SECONDS("start to all nodes OK", "s"),
    MIGRATIONS_PER_SECOND("migrations between two nodes, one after the other", "/s"),
    CONTENDED_PER_SECOND("locked increments, 3 nodes, 12 records", "/s"),
    RECOVERY_SECONDS("recovery with about 95,000 records", "s"),
    RESIDENT_MIB("resident memory per node after it", "MiB"),
    PRIVATE_MIB("of it not shared with other processes or files", "MiB");

    private final String text;
    private final String unit;

    Row(String text, String unit) {
      this.text = text;
      this.unit = unit;
    }
  }

  /** Runs the comparison. */
  public static void main(String[] arguments) throws IOException {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
    Path directory = Files.createTempDirectory("ctdbj-bench");
    try {
      Path hammer = Hammer.compile(directory);
      Map<DaemonKind, Map<Row, List<Double>>> figures = new EnumMap<>(DaemonKind.class);
      for (int round = 0; round < rounds; round++) {
        for (DaemonKind kind : DaemonKind.values()) {
          measure(kind, hammer, figures.computeIfAbsent(kind, k -> new EnumMap<>(Row.class)));
        }
      }
      print(figures, rounds);
    } finally {
      FileTree.delete(directory);
    }
  }

  private static void measure(DaemonKind kind, Path hammer, Map<Row, List<Double>> figures)
      throws IOException {
    try (LocalCluster cluster =
        LocalCluster.create(List.of(kind, kind, kind), ClusterSettings.usual())) {
      long start = System.nanoTime();
      cluster.start();
      add(figures, Row.START_SECONDS, since(start));
      add(figures, Row.MIGRATIONS_PER_SECOND, migrations(cluster));
      add(figures, Row.CONTENDED_PER_SECOND, contended(cluster, hammer));
      add(figures, Row.RECOVERY_SECONDS, recovery(cluster, hammer));
      add(figures, Row.RESIDENT_MIB, memory(cluster, "Rss:"));
      add(figures, Row.PRIVATE_MIB, memory(cluster, "Private_Dirty:"));
    }
  }

  /** Two clients, one at each node, fetch the same record in turn. */
  private static double migrations(LocalCluster cluster) throws IOException {
    Bytes key = Bytes.ofText("pingpong");
    try (DaemonConnection first = DaemonConnection.open(cluster.node(0));
        DaemonConnection second = DaemonConnection.open(cluster.node(1))) {
      int id =
          first.control(Control.DB_ATTACH, Bytes.ofTerminated("pingpong.tdb")).data().getInt(0);
      second.control(Control.DB_ATTACH, Bytes.ofTerminated("pingpong.tdb"));
      for (int i = 0; i < MIGRATIONS / 4; i++) {
        migrate(first, id, key);
        migrate(second, id, key);
      }
      long start = System.nanoTime();
      for (int i = 0; i < MIGRATIONS / 2; i++) {
        migrate(first, id, key);
        migrate(second, id, key);
      }
      return MIGRATIONS / since(start);
    }
  }

  private static void migrate(DaemonConnection connection, int id, Bytes key) throws IOException {
    connection.call(id, Calls.NULL, Calls.FLAG_IMMEDIATE_MIGRATION, key);
  }

  private static double contended(LocalCluster cluster, Path program) {
    double rate = 0;
    // The first turn is not counted.
    for (int turn = 0; turn < 2; turn++) {
      List<Hammer> hammers = new ArrayList<>();
      try {
        for (LocalNode node : cluster.nodes()) {
          hammers.add(
              Hammer.start(
                  List.of(), program, node.socket(), "contended.tdb", 12, 30_000, node.pnn() + 1));
        }
        rate = 0;
        for (Hammer hammer : hammers) {
          Hammer.Report report = hammer.await();
          rate += report.increments() / report.seconds();
        }
      } finally {
        hammers.forEach(Hammer::close);
      }
    }
    return rate;
  }

  /**
   * Fills a database through one node, then has the cluster recovered; the daemon says how long
   * that took.
   */
  private static double recovery(LocalCluster cluster, Path program) throws IOException {
    try (Hammer filler =
        Hammer.start(
            List.of(), program, cluster.node(0).socket(), "filled.tdb", RECORDS, 3L * RECORDS, 7)) {
      filler.await();
    }
    List<Double> seconds = new ArrayList<>();
    try (DaemonConnection connection = DaemonConnection.open(cluster.node(0))) {
      for (int i = 0; i < 3; i++) {
        int before = generation(connection);
        connection.control(Control.SET_RECMODE, Bytes.ofInt(1));
        Await.until("recovery", LIMIT, () -> finished(connection, before), cluster::describe);
        seconds.add(duration(cluster));
      }
    }
    return median(seconds);
  }

  private static boolean finished(DaemonConnection connection, int before) {
    try {
      return generation(connection) != before
          && connection.control(Control.GET_RECMODE, Bytes.EMPTY).status() == 0;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static int generation(DaemonConnection connection) throws IOException {
    return VnnMap.decode(connection.control(Control.GETVNNMAP, Bytes.EMPTY).data()).generation();
  }

  /** From the START_RECOVERY to the END_RECOVERY control at node 0. */
  private static double duration(LocalCluster cluster) throws IOException {
    try (DaemonConnection connection = DaemonConnection.open(cluster.node(0))) {
      Uptime uptime = Uptime.decode(connection.control(Control.UPTIME, Bytes.EMPTY).data());
      return seconds(uptime.lastRecoveryFinished()) - seconds(uptime.lastRecoveryStarted());
    }
  }

  private static double seconds(org.ctdbj.protocol.body.TimeVal time) {
    return time.seconds() + time.micros() / 1e6;
  }

  /**
   * MiB of one field of smaps_rollup, over the daemon and its children, averaged over the nodes.
   */
  private static double memory(LocalCluster cluster, String field) throws IOException {
    double kib = 0;
    for (LocalNode node : cluster.nodes()) {
      ProcessHandle daemon = ProcessHandle.of(node.pid().orElseThrow()).orElseThrow();
      List<ProcessHandle> family = new ArrayList<>(daemon.descendants().toList());
      family.add(daemon);
      for (ProcessHandle process : family) {
        kib +=
            Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup")).stream()
                .filter(line -> line.startsWith(field))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
                .sum();
      }
    }
    return kib / 1024 / cluster.nodes().size();
  }

  private static void add(Map<Row, List<Double>> figures, Row row, double value) {
    figures.computeIfAbsent(row, r -> new ArrayList<>()).add(value);
    System.err.printf(Locale.ROOT, "%s: %.4g %s%n", row.text, value, row.unit);
  }

  private static double since(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }

  private static void print(Map<DaemonKind, Map<Row, List<Double>>> figures, int rounds) {
    System.out.printf("| figure (median of %d rounds) | ctdbd | ctdbj | ctdbj / ctdbd |%n", rounds);
    System.out.println("|---|---|---|---|");
    for (Row row : Row.values()) {
      double original = median(figures.get(DaemonKind.CTDBD).get(row));
      double ours = median(figures.get(DaemonKind.CTDBJ).get(row));
      System.out.printf(
          Locale.ROOT,
          "| %s | %.4g %s | %.4g %s | %.2f |%n",
          row.text,
          original,
          row.unit,
          ours,
          row.unit,
          ours / original);
    }
  }
}
