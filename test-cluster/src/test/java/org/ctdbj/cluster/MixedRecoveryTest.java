// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.NodeCopy;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordFlags;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Recoveries of clusters of both daemons: what each pulls from and pushes to the other. */
@Tag("interop")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MixedRecoveryTest {
  private static final String MERGED = "merged.tdb";
  private static final String TRAVERSED = "traversed.tdb";
  private static final String PERSISTENT = "per.tdb";
  private static final String COMMITTED = "committed.tdb";
  private static final String REPLICATED = "rep.tdb";
  private static final int KEYS = 60;
  private static final long SEED = 20261123;

  /**
   * Small buffers, so that every database takes several messages; no vacuuming in between; the next
   * recovery a second after the last.
   */
  private static final ClusterSettings SETTINGS =
      ClusterSettings.usual()
          .withTunables(
              Map.of(
                  "RecBufferSizeLimit",
                  4000,
                  "VacuumInterval",
                  100_000,
                  "RerecoveryTimeout",
                  1,
                  "ElectionTimeout",
                  1));

  private final ReusedClusters<DaemonKind, MixedCluster> clusters =
      new ReusedClusters<>(MixedRecoveryTest::start, MixedCluster::close);

  /** One node of the leader's kind, two of the other; the leader is in the middle. */
  private static MixedCluster start(DaemonKind leader) {
    DaemonKind others = MixedCluster.other(leader);
    return MixedCluster.start(SETTINGS, List.of(others, leader, others));
  }

  /** Runs a test on a cluster that a node of this kind, number 1, leads. */
  private void ledBy(DaemonKind leader, ReusedClusters.Drill<MixedCluster> drill) throws Exception {
    clusters.with(
        leader,
        cluster -> {
          cluster.lead(1);
          drill.run(cluster);
          cluster.assertUnharmed();
        });
  }

  @AfterAll
  void end() {
    clusters.close();
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "leader {0}")
  @EnumSource(DaemonKind.class)
  void volatileRecordsAreMergedAndLeftAsTheOriginalLeavesThem(DaemonKind leader) throws Exception {
    ledBy(
        leader,
        cluster -> {
          scatter(cluster, MERGED);
          Map<String, NodeCopy.Entry> newest = newest(cluster, MERGED);
          recover(cluster);
          Map<String, NodeCopy.Entry> atLeader = cluster.copy(1, MERGED);
          newest.values().removeIf(entry -> entry.value().isEmpty());
          assertEquals(newest.keySet(), atLeader.keySet());
          for (LocalNode node : cluster.nodes()) {
            Map<String, NodeCopy.Entry> copy = cluster.copy(node.pnn(), MERGED);
            assertEquals(newest.keySet(), copy.keySet());
            copy.forEach(
                (key, entry) -> {
                  String where = key + " on node " + node.pnn() + ": " + entry.header();
                  assertEquals(newest.get(key).value(), entry.value(), where);
                  assertEquals(1, entry.header().dmaster(), where);
                  assertTrue(entry.header().hasAny(RecordFlags.MIGRATED_WITH_DATA), where);
                  assertTrue(!entry.header().hasAny(RecordFlags.RO_FLAGS), where);
                  long expected = newest.get(key).header().rsn() + (node.pnn() == 1 ? 1 : 0);
                  assertEquals(expected, entry.header().rsn(), where);
                });
          }
        });
  }

  /** Records of random sizes, last written on random nodes; every sixth is empty in the end. */
  private static void scatter(MixedCluster cluster, String database) throws IOException {
    var random = new Random(SEED);
    cluster.ctdb(0, "attach", database);
    try (var first = DaemonConnection.open(cluster.node(0));
        var second = DaemonConnection.open(cluster.node(1));
        var third = DaemonConnection.open(cluster.node(2));
        var atFirst = SharedDatabase.attach(first, database);
        var atSecond = SharedDatabase.attach(second, database);
        var atThird = SharedDatabase.attach(third, database)) {
      List<SharedDatabase> databases = List.of(atFirst, atSecond, atThird);
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < KEYS; i++) {
          byte[] value = new byte[i % 6 == 0 && round == 2 ? 0 : random.nextInt(1, 700)];
          random.nextBytes(value);
          databases.get(random.nextInt(3)).write(Bytes.ofText("key" + i), Bytes.of(value));
        }
      }
    }
  }

  /** For each key the copy with the highest rsn; if several have it, that of its data master. */
  private static Map<String, NodeCopy.Entry> newest(MixedCluster cluster, String database)
      throws IOException {
    Map<String, NodeCopy.Entry> newest = new TreeMap<>();
    for (LocalNode node : cluster.nodes()) {
      cluster
          .copy(node.pnn(), database)
          .forEach(
              (key, entry) -> {
                NodeCopy.Entry known = newest.get(key);
                if (known == null
                    || entry.header().rsn() > known.header().rsn()
                    || (entry.header().rsn() == known.header().rsn()
                        && entry.header().dmaster() == node.pnn())) {
                  newest.put(key, entry);
                }
              });
    }
    return newest;
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "leader {0}")
  @EnumSource(DaemonKind.class)
  void aPersistentDatabaseComesFromTheNodeWithTheHighestSequenceNumber(DaemonKind leader)
      throws Exception {
    ledBy(
        leader,
        cluster -> {
          cluster.ctdb(0, "attach", PERSISTENT, "persistent");
          cluster.ctdb(0, "attach", REPLICATED, "replicated");
          // One of each kind; that of the second is the leader.
          for (int stopped : List.of(0, 1)) {
            int writer = (stopped + 1) % 3;
            for (String database : List.of(PERSISTENT, REPLICATED)) {
              cluster.ctdb(writer, "pstore", database, "common" + stopped, "before");
              cluster.ctdb(stopped, "pstore", database, "gone" + stopped, "before");
            }
            cluster.ctdb(stopped, "stop");
            cluster.await("the others work on", () -> cluster.works(2));
            for (String database : List.of(PERSISTENT, REPLICATED)) {
              cluster.ctdb(writer, "pstore", database, "common" + stopped, "x".repeat(9000));
              cluster.ctdb(writer, "pdelete", database, "gone" + stopped);
            }
            cluster.ctdb(stopped, "continue");
            cluster.awaitHealthy();
            for (String database : List.of(PERSISTENT, REPLICATED)) {
              assertSameEverywhere(cluster, database);
              Map<String, NodeCopy.Entry> copy = cluster.copy(stopped, database);
              assertEquals(9000, copy.get("common" + stopped).value().length(), database);
              assertTrue(!copy.containsKey("gone" + stopped), database);
            }
          }
          cluster.lead(1);
          Map<String, NodeCopy.Entry> before = cluster.copy(1, PERSISTENT);
          recover(cluster);
          assertSameEverywhere(cluster, PERSISTENT);
          assertEquals(before, cluster.copy(1, PERSISTENT), "persistent headers stay as they are");
          for (LocalNode node : cluster.nodes()) {
            cluster
                .copy(node.pnn(), REPLICATED)
                .forEach((key, entry) -> assertEquals(1, entry.header().dmaster(), key));
          }
        });
  }

  /** Values equal on all nodes; headers too, except for the rsn of replicated records. */
  private static void assertSameEverywhere(MixedCluster cluster, String database)
      throws IOException {
    Map<String, Bytes> first = values(cluster, 0, database);
    for (LocalNode node : cluster.nodes()) {
      assertEquals(first, values(cluster, node.pnn(), database), database + " " + node.pnn());
      assertEquals(
          cluster.ctdb(0, "getdbseqnum", database),
          cluster.ctdb(node.pnn(), "getdbseqnum", database));
    }
  }

  private static Map<String, Bytes> values(MixedCluster cluster, int pnn, String database)
      throws IOException {
    Map<String, Bytes> values = new TreeMap<>();
    cluster.copy(pnn, database).forEach((key, entry) -> values.put(key, entry.value()));
    return values;
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "leader {0}")
  @EnumSource(DaemonKind.class)
  void commitsOfBothSidesReachAllAndTraversesSeeAll(DaemonKind leader) throws Exception {
    ledBy(
        leader,
        cluster -> {
          cluster.ctdb(0, "attach", COMMITTED, "persistent");
          int each = 8;
          Thread[] writers = new Thread[3];
          String[] failures = new String[3];
          for (int i = 0; i < 3; i++) {
            int pnn = i;
            writers[i] =
                new Thread(
                    () -> {
                      try {
                        for (int n = 0; n < each; n++) {
                          cluster.ctdb(pnn, "pstore", COMMITTED, "k" + pnn + "." + n, "v" + n);
                        }
                      } catch (RuntimeException e) {
                        failures[pnn] = e.toString();
                      }
                    });
            writers[i].start();
          }
          for (Thread writer : writers) {
            join(writer);
          }
          assertEquals("[null, null, null]", Arrays.toString(failures), cluster::describe);
          for (LocalNode node : cluster.nodes()) {
            assertEquals(
                "0x" + Integer.toHexString(3 * each),
                cluster.ctdb(node.pnn(), "getdbseqnum", COMMITTED));
            assertEquals(3 * each + 1, cluster.copy(node.pnn(), COMMITTED).size());
          }
          assertSameEverywhere(cluster, COMMITTED);

          scatter(cluster, TRAVERSED);
          Map<String, NodeCopy.Entry> newest = newest(cluster, TRAVERSED);
          newest.values().removeIf(entry -> entry.value().isEmpty());
          for (LocalNode node : cluster.nodes()) {
            String dump = cluster.ctdb(node.pnn(), "catdb", TRAVERSED);
            assertTrue(dump.contains("Dumped " + newest.size() + " records"), dump);
            for (String key : newest.keySet()) {
              assertTrue(dump.contains("\"" + key + "\""), () -> key + " is missing in\n" + dump);
            }
          }
        });
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Forces a recovery and waits for its end on all nodes. */
  private static void recover(MixedCluster cluster) throws IOException {
    int before = cluster.node(1).vnnMap().generation();
    cluster.ctdb(0, "recover");
    cluster.await("new generation", () -> cluster.node(1).vnnMap().generation() != before);
    cluster.awaitHealthy();
    assertEquals(
        cluster.node(1).leader().orElseThrow(), Integer.valueOf(1), "the leader has stayed");
  }
}
