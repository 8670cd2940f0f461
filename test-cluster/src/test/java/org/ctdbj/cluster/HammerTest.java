// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.hammer.Hammer;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** C processes on every node that count in the same records: not one increment may be lost. */
@Tag("interop")
class HammerTest {
  private static final String DATABASE = "hammer.tdb";
  private static final int KEYS = 12;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path directory;
  private Path program;

  @BeforeEach
  void compile() {
    Assumptions.assumeTrue(Hammer.missing().isEmpty(), () -> Hammer.missing().orElseThrow());
    program = Hammer.compile(directory);
  }

  @ParameterizedTest(name = "mutexes = {0}")
  @ValueSource(booleans = {true, false})
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void exactOver100000Migrations(boolean mutexes) throws IOException {
    try (LocalCluster cluster =
        LocalCluster.create(
                List.of(DaemonKind.underTest(), DaemonKind.underTest(), DaemonKind.underTest()),
                ClusterSettings.usual().withMutexes(mutexes))
            .start()) {
      exact(cluster, 100_000);
    }
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void exactTogetherWithTheOriginal() throws IOException {
    Assumptions.assumeTrue(DaemonKind.CTDBD.available(), DaemonKind.CTDBD.missing());
    try (LocalCluster cluster =
        LocalCluster.create(
                List.of(DaemonKind.CTDBD, DaemonKind.underTest(), DaemonKind.CTDBD),
                ClusterSettings.usual())
            .start()) {
      exact(cluster, 20_000);
    }
  }

  /** Runs hammers on all nodes in rounds until there have been so many migrations. */
  private void exact(LocalCluster cluster, long wantedMigrations) throws IOException {
    Map<Integer, Long> expected = new TreeMap<>();
    long migrations = 0;
    int seed = 1;
    while (migrations < wantedMigrations) {
      List<Hammer> hammers = new ArrayList<>();
      try {
        for (LocalNode node : cluster.nodes()) {
          hammers.add(
              Hammer.start(List.of(), program, node.socket(), DATABASE, KEYS, 40_000, seed++));
        }
        for (Hammer hammer : hammers) {
          Hammer.Report report = hammer.await();
          assertTrue(!report.daemonGone(), () -> "a daemon went away\n" + cluster.describe());
          report.perKey().forEach((key, count) -> expected.merge(key, count, Long::sum));
          migrations += report.migrations();
        }
      } finally {
        hammers.forEach(Hammer::close);
      }
    }
    assertEquals(expected, totals(cluster.node(0), DATABASE, KEYS, null), cluster::describe);
  }

  @ParameterizedTest(name = "mutexes = {0}")
  @ValueSource(booleans = {true, false})
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void nothingOfTheSurvivorsIsLostWhenANodeIsKilled(boolean mutexes) throws IOException {
    try (LocalCluster cluster =
        LocalCluster.create(
                List.of(DaemonKind.underTest(), DaemonKind.underTest(), DaemonKind.underTest()),
                ClusterSettings.usual().withMutexes(mutexes))
            .start()) {
      LocalNode victim = cluster.node(2);
      List<Hammer> survivors = new ArrayList<>();
      try {
        for (int pnn = 0; pnn < 2; pnn++) {
          survivors.add(
              Hammer.start(
                  List.of(), program, cluster.node(pnn).socket(), DATABASE, KEYS, 0, 100 + pnn));
        }
        for (int kill = 0; kill < 4; kill++) {
          try (Hammer dying =
              Hammer.start(List.of(), program, victim.socket(), DATABASE, KEYS, 0, 1000 + kill)) {
            awaitCount(victim, 2, DATABASE, KEYS);
            victim.kill();
            assertTrue(dying.await().daemonGone());
          }
          victim.start();
          cluster.awaitHealthy(LIMIT);
        }
        survivors.forEach(Hammer::stop);
        for (int pnn = 0; pnn < 2; pnn++) {
          Hammer.Report report = survivors.get(pnn).await();
          assertTrue(
              !report.daemonGone(), () -> "a surviving daemon went away\n" + cluster.describe());
          assertEquals(
              report.perKey(), totals(cluster.node(0), DATABASE, KEYS, pnn), cluster::describe);
        }
      } finally {
        survivors.forEach(Hammer::close);
      }
    }
  }

  /** Waits until the node has counted in some record itself: it is in the middle of the work. */
  static void awaitCount(LocalNode node, int pnn, String database, int keys) {
    Await.until(
        "node " + pnn + " works",
        LIMIT,
        () -> {
          try {
            return totals(node, database, keys, pnn).values().stream()
                    .mapToLong(Long::longValue)
                    .sum()
                > 0;
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        },
        () -> node.logTail(40));
  }

  /** Sums of the counters by key, of one node or (null) of all, read through a node. */
  static Map<Integer, Long> totals(LocalNode node, String name, int keys, Integer pnn)
      throws IOException {
    Map<Integer, Long> totals = new TreeMap<>();
    try (DaemonConnection connection = DaemonConnection.open(node);
        SharedDatabase database = SharedDatabase.attach(connection, name)) {
      for (int key = 0; key < keys; key++) {
        Bytes value = database.read(Bytes.ofText("counter" + key));
        long total = 0;
        for (int slot = 0; slot < value.length() / 8; slot++) {
          if (pnn == null || pnn == slot) {
            total += value.getLong(slot * 8);
          }
        }
        if (total > 0) {
          totals.put(key, total);
        }
      }
    }
    return totals;
  }
}
