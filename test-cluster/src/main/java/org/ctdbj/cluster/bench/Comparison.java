// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
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
import org.ctdbj.protocol.body.TimeVal;
import org.ctdbj.protocol.body.Uptime;

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
  private static final int WARM_TURNS = 2;
  private static final int CONTENDED_TURNS = 6;

  /** Long enough for the three programs to start: the time that they overlap is what counts. */
  private static final Duration CONTENDED_TURN = Duration.ofSeconds(4);

  private Comparison() {}

  private enum Row {
    START_SECONDS("start to all nodes OK", "s"),
    MIGRATIONS_PER_SECOND("migrations between two nodes, one after the other", "/s"),
    FIRST_RECOVERY_SECONDS("first recovery with about 95,000 records", "s"),
    RECOVERY_SECONDS("the recoveries after it", "s"),
    RESIDENT_MIB("resident memory per node after it", "MiB"),
    PRIVATE_MIB("of it not shared with other processes or files", "MiB"),
    CONTENDED_PER_SECOND("locked increments, 3 nodes, 12 records", "/s"),
    CONTENDED_MIGRATIONS_PER_SECOND("migrations asked for by them", "/s"),
    CONTENDED_LONGEST_SECONDS("longest of them", "s");

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
        contended(hammer, figures);
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
      recoveries(cluster, hammer, figures);
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

  /**
   * Both clusters run; they take turns, and who begins takes turns too, so that what else the
   * machine does meets both alike. How many increments there are depends on how long a node keeps a
   * record before it gives it away: the rate of migrations and the longest wait belong to it.
   */
  private static void contended(Path program, Map<DaemonKind, Map<Row, List<Double>>> figures) {
    Map<DaemonKind, LocalCluster> clusters = new EnumMap<>(DaemonKind.class);
    try {
      for (DaemonKind kind : DaemonKind.values()) {
        var cluster = LocalCluster.create(List.of(kind, kind, kind), ClusterSettings.usual());
        clusters.put(kind, cluster);
        cluster.start();
      }
      List<DaemonKind> order = new ArrayList<>(List.of(DaemonKind.values()));
      for (int turn = 0; turn < WARM_TURNS + CONTENDED_TURNS; turn++) {
        for (DaemonKind kind : order) {
          List<Hammer.Report> reports = hammerTurn(clusters.get(kind), program);
          if (turn >= WARM_TURNS) {
            Map<Row, List<Double>> own = figures.get(kind);
            add(own, Row.CONTENDED_PER_SECOND, rate(reports, Hammer.Report::increments));
            add(own, Row.CONTENDED_MIGRATIONS_PER_SECOND, rate(reports, Hammer.Report::migrations));
            add(
                own,
                Row.CONTENDED_LONGEST_SECONDS,
                reports.stream().mapToDouble(Hammer.Report::longestSeconds).max().orElseThrow());
          }
        }
        Collections.reverse(order);
      }
    } finally {
      clusters.values().forEach(LocalCluster::close);
    }
  }

  private static List<Hammer.Report> hammerTurn(LocalCluster cluster, Path program) {
    List<Hammer> hammers = new ArrayList<>();
    try {
      for (LocalNode node : cluster.nodes()) {
        hammers.add(
            Hammer.start(
                List.of(), program, node.socket(), "contended.tdb", 12, 0, node.pnn() + 1));
      }
      hammers.getFirst().work(CONTENDED_TURN);
      hammers.forEach(Hammer::stop);
      return hammers.stream().map(Hammer::await).toList();
    } finally {
      hammers.forEach(Hammer::close);
    }
  }

  /** What all have done, by the time that the slowest took. */
  private static double rate(List<Hammer.Report> reports, ToLongFunction<Hammer.Report> count) {
    return reports.stream().mapToLong(count).sum()
        / reports.stream().mapToDouble(Hammer.Report::seconds).max().orElseThrow();
  }

  /**
   * Fills a database through one node, then has the cluster recovered; the daemon says how long
   * that took.
   */
  private static void recoveries(LocalCluster cluster, Path program, Map<Row, List<Double>> figures)
      throws IOException {
    try (Hammer filler =
        Hammer.start(
            List.of(), program, cluster.node(0).socket(), "filled.tdb", RECORDS, 3L * RECORDS, 7)) {
      filler.await();
    }
    List<Double> seconds = new ArrayList<>();
    try (DaemonConnection connection = DaemonConnection.open(cluster.node(0))) {
      for (int i = 0; i < 4; i++) {
        Uptime before = uptime(connection);
        connection.control(Control.SET_RECMODE, Bytes.ofInt(1));
        Await.until("recovery", LIMIT, () -> finished(connection, before), cluster::describe);
        seconds.add(duration(uptime(connection)));
      }
    }
    add(figures, Row.FIRST_RECOVERY_SECONDS, seconds.getFirst());
    add(figures, Row.RECOVERY_SECONDS, median(seconds.subList(1, seconds.size())));
  }

  /**
   * Whether a recovery after the given one has ended. The recovery mode is back to normal a little
   * before END_RECOVERY, so it would tell too early.
   */
  private static boolean finished(DaemonConnection connection, Uptime before) {
    try {
      Uptime now = uptime(connection);
      return !now.lastRecoveryStarted().equals(before.lastRecoveryStarted()) && duration(now) >= 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Uptime uptime(DaemonConnection connection) throws IOException {
    return Uptime.decode(connection.control(Control.UPTIME, Bytes.EMPTY).data());
  }

  /** From the START_RECOVERY to the END_RECOVERY control at the node; negative in between. */
  private static double duration(Uptime uptime) {
    return seconds(uptime.lastRecoveryFinished()) - seconds(uptime.lastRecoveryStarted());
  }

  private static double seconds(TimeVal time) {
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

  /** Of neighbours in time: what the machine does besides is in both and mostly cancels out. */
  private static List<Double> ratios(List<Double> values, List<Double> others) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / others.get(i));
    }
    return ratios;
  }

  private static void print(Map<DaemonKind, Map<Row, List<Double>>> figures, int rounds) {
    System.out.printf("| figure (median of %d rounds) | ctdbd | ctdbj | median ratio |%n", rounds);
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
          median(
              ratios(
                  figures.get(DaemonKind.CTDBJ).get(row), figures.get(DaemonKind.CTDBD).get(row))));
    }
  }
}
