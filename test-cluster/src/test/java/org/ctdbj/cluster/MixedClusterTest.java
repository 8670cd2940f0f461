// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.hammer.Hammer;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.NodeCopy;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.body.PidSrvid;
import org.ctdbj.protocol.body.VacuumRequest;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clusters of which some nodes run the original daemon and some this project's. */
@Tag("interop")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MixedClusterTest {
  private static final String READ_ONLY = "read-only.tdb";
  private static final String VACUUMED = "vacuumed.tdb";
  private static final String SURVIVING = "surviving.tdb";
  private static final String COUNTERS = "counters.tdb";
  private static final int KEYS = 12;

  /** The next recovery may come a second after the last; an election takes a second. */
  private static final Map<String, Integer> QUICK =
      Map.of("RerecoveryTimeout", 1, "ElectionTimeout", 1);

  private final ReusedClusters<DaemonKind, MixedCluster> clusters =
      new ReusedClusters<>(MixedClusterTest::start, MixedCluster::close);

  /**
   * Two nodes of this kind, one of the other between them; no vacuuming except on request; silent
   * nodes are given up after 4 seconds; no cluster lock, which a sleeping leader would keep.
   */
  private static MixedCluster start(DaemonKind outer) {
    Map<String, Integer> tunables = new TreeMap<>(QUICK);
    tunables.put("VacuumInterval", 100_000);
    tunables.put("KeepaliveInterval", 1);
    tunables.put("KeepaliveLimit", 3);
    return MixedCluster.start(
        ClusterSettings.usual().withClusterLock(false).withTunables(tunables),
        List.of(outer, MixedCluster.other(outer), outer));
  }

  private void inClusterOf(DaemonKind outer, ReusedClusters.Drill<MixedCluster> drill)
      throws Exception {
    clusters.with(
        outer,
        cluster -> {
          drill.run(cluster);
          cluster.assertUnharmed();
        });
  }

  @AfterAll
  void end() {
    clusters.close();
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void readOnlyCopiesAreGivenAndRevoked(DaemonKind outer) throws Exception {
    inClusterOf(
        outer,
        cluster -> {
          cluster.ctdb(0, "attach", READ_ONLY);
          cluster.ctdb(0, "setdbreadonly", READ_ONLY);
          for (int owner = 0; owner < 3; owner++) {
            int first = (owner + 1) % 3;
            int second = (owner + 2) % 3;
            cluster.ctdb(owner, "writekey", READ_ONLY, "k", "one" + owner);
            for (int reader : List.of(first, second)) {
              assertEquals("one" + owner, readOnly(cluster, reader));
              NodeCopy.Entry copy = cluster.copy(reader, READ_ONLY).get("k");
              assertEquals("one" + owner, copy.value().text());
              assertTrue(copy.header().hasAny(RecordFlags.RO_HAVE_READONLY), copy::toString);
            }
            NodeCopy.Entry owned = cluster.copy(owner, READ_ONLY).get("k");
            assertEquals(owner, owned.header().dmaster());
            assertTrue(owned.header().hasAny(RecordFlags.RO_HAVE_DELEGATIONS), owned::toString);

            cluster.ctdb(owner, "writekey", READ_ONLY, "k", "two" + owner);
            owned = cluster.copy(owner, READ_ONLY).get("k");
            assertTrue(!owned.header().hasAny(RecordFlags.RO_HAVE_DELEGATIONS), owned::toString);
            for (int reader : List.of(first, second)) {
              assertEquals("two" + owner, readOnly(cluster, reader));
            }
            // A reader wants to write: its own read-only copy and the other's must not survive
            // that.
            cluster.ctdb(first, "writekey", READ_ONLY, "k", "three" + owner);
            assertEquals("three" + owner, readOnly(cluster, second));
            assertEquals("three" + owner, readOnly(cluster, owner));
          }
        });
  }

  /** The value of the record as a reader with a read-only copy sees it. */
  private static String readOnly(MixedCluster cluster, int pnn) {
    return value(cluster.ctdb(pnn, "readkey", READ_ONLY, "k", "readonly"));
  }

  /** The value of the record, of which the node becomes the data master. */
  private static String read(MixedCluster cluster, int pnn) {
    return value(cluster.ctdb(pnn, "readkey", SURVIVING, "k"));
  }

  private static String value(String shown) {
    return shown.substring(shown.indexOf("ptr:[") + 5, shown.lastIndexOf(']'));
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void deletedRecordsVanishFromAllNodes(DaemonKind outer) throws Exception {
    inClusterOf(
        outer,
        cluster -> {
          int id;
          for (LocalNode node : cluster.nodes()) {
            try (var connection = DaemonConnection.open(node);
                var database = SharedDatabase.attach(connection, VACUUMED)) {
              for (int i = 0; i < 30; i++) {
                database.write(Bytes.ofText("shared" + i), Bytes.ofText("of " + node.pnn()));
                database.write(Bytes.ofText("own" + node.pnn() + "." + i), Bytes.ofText("value"));
              }
            }
          }
          try (var connection = DaemonConnection.open(cluster.node(0))) {
            id = NodeCopy.databaseId(connection, VACUUMED);
          }
          for (LocalNode node : cluster.nodes()) {
            try (var connection = DaemonConnection.open(node);
                var database = SharedDatabase.attach(connection, VACUUMED)) {
              for (int i = node.pnn(); i < 30; i += 3) {
                database.write(Bytes.ofText("shared" + i), Bytes.EMPTY);
                database.write(Bytes.ofText("own" + (node.pnn() + 1) % 3 + "." + i), Bytes.EMPTY);
              }
            }
          }
          Bytes request = new VacuumRequest(id, true).encode();
          cluster.await(
              "the empty records have gone",
              () -> {
                int left = 0;
                for (LocalNode node : cluster.nodes()) {
                  try (var connection = DaemonConnection.open(node)) {
                    assertEquals(0, connection.control(Control.DB_VACUUM, request).status());
                  }
                }
                for (LocalNode node : cluster.nodes()) {
                  left += (int) gone(cluster.copy(node.pnn(), VACUUMED));
                }
                return left == 0;
              });
          for (LocalNode node : cluster.nodes()) {
            String dump = cluster.ctdb(node.pnn(), "catdb", VACUUMED);
            assertTrue(dump.contains("Dumped 60 records"), dump);
          }
        });
  }

  /** How many of the deleted records there still is any trace of. */
  private static long gone(Map<String, NodeCopy.Entry> copy) {
    return copy.keySet().stream()
        .filter(
            key -> {
              if (key.startsWith("shared")) {
                return true;
              }
              int owner = key.charAt(3) - '0';
              int number = Integer.parseInt(key.substring(5));
              return (owner + 2) % 3 == number % 3;
            })
        .count();
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void messagesAndQuestionsCross(DaemonKind outer) throws Exception {
    long srvid = 0x1122334455667788L;
    int pid = Math.toIntExact(ProcessHandle.current().pid());
    inClusterOf(
        outer,
        cluster -> {
          try (var first = DaemonConnection.open(cluster.node(0));
              var second = DaemonConnection.open(cluster.node(1));
              var third = DaemonConnection.open(cluster.node(2))) {
            List<DaemonConnection> all = List.of(first, second, third);
            for (DaemonConnection connection : all) {
              connection.register(srvid);
            }
            for (int from = 0; from < 3; from++) {
              for (int to = 0; to < 3; to++) {
                Bytes data = Bytes.of(new byte[from * 70_001 + to]);
                all.get(from).send(new ReqMessage(new Header(0, to, from, 0), srvid, data));
                ReqMessage message = all.get(to).message(srvid, MixedCluster.LIMIT).orElseThrow();
                assertEquals(data, message.data());
                assertEquals(srvid, message.srvid());

                var known = new PidSrvid(pid, srvid).encode();
                var unknown = new PidSrvid(pid, srvid + 1).encode();
                assertEquals(0, ask(all.get(from), to, Control.CHECK_PID_SRVID, known));
                assertNotEquals(0, ask(all.get(from), to, Control.CHECK_PID_SRVID, unknown));
                assertEquals(0, ask(all.get(from), to, Control.PROCESS_EXISTS, Bytes.ofInt(pid)));
                assertNotEquals(0, ask(all.get(from), to, Control.PROCESS_EXISTS, Bytes.ofInt(1)));
              }
              for (int everybody : List.of(Pnn.BROADCAST_ALL, Pnn.BROADCAST_CONNECTED)) {
                Bytes data = Bytes.ofText("to all from " + from);
                all.get(from).send(new ReqMessage(new Header(0, everybody, from, 0), srvid, data));
                for (DaemonConnection connection : all) {
                  assertEquals(
                      data, connection.message(srvid, MixedCluster.LIMIT).orElseThrow().data());
                }
              }
            }
          }
        });
  }

  private static int ask(DaemonConnection connection, int pnn, Control control, Bytes data)
      throws IOException {
    return connection.control(pnn, control, 0, 0, data).status();
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void eitherCanBeStoppedBannedAndKilled(DaemonKind outer) throws Exception {
    inClusterOf(
        outer,
        cluster -> {
          cluster.ctdb(0, "attach", SURVIVING);
          cluster.ctdb(0, "attach", "per.tdb", "persistent");
          int subject = 1;
          int witness = 2;
          // Not by the subject: a volatile record that only a stopped node has is gone, as
          // intended.
          cluster.ctdb(witness, "writekey", SURVIVING, "k", "v");
          cluster.ctdb(subject, "pstore", "per.tdb", "p", "v");

          cluster.ctdb(subject, "stop");
          inactive(cluster, witness, subject, NodeFlags.STOPPED);
          cluster.ctdb(subject, "continue");
          cluster.awaitHealthy();
          cluster.ctdb(subject, "ban", "300");
          inactive(cluster, witness, subject, NodeFlags.BANNED);
          cluster.ctdb(subject, "unban");
          cluster.awaitHealthy();
          assertEquals("v", read(cluster, subject));
          cluster.assertUnharmed();

          cluster.node(subject).kill();
          cluster.await(
              "the others go on",
              () ->
                  (cluster.flags(witness, subject) & NodeFlags.DISCONNECTED) != 0
                      && cluster.works(2));
          assertEquals("v", read(cluster, witness), cluster::describe);
          cluster.ctdb(witness, "pstore", "per.tdb", "q", "w");
          cluster.node(subject).start();
          cluster.started(cluster.node(subject));
          cluster.awaitHealthy();
          cluster.await(
              "the node has what was stored without it",
              () -> cluster.ctdb(subject, "pfetch", "per.tdb", "q").equals("w"));
          cluster.assertUnharmed();
        });
  }

  private static void inactive(MixedCluster cluster, int witness, int pnn, int flag) {
    cluster.await(
        "node " + pnn + " has flag " + flag + " and the others go on",
        () -> (cluster.flags(witness, pnn) & flag) != 0 && cluster.works(2));
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void aSleeperIsLeftOutAndComesBack(DaemonKind outer) throws Exception {
    inClusterOf(
        outer,
        cluster -> {
          LocalNode sleeper = cluster.node(1);
          List<LocalNode> rest = List.of(cluster.node(0), cluster.node(2));
          cluster.ctdb(0, "attach", "sleepers.tdb", "persistent");
          for (boolean leads : List.of(true, false)) {
            cluster.lead(leads ? 1 : 2);
            sleeper.signal("STOP");
            try {
              cluster.await("the others go on", () -> LocalCluster.together(rest));
              cluster.ctdb(0, "pstore", "sleepers.tdb", "k", "leads " + leads);
            } finally {
              sleeper.signal("CONT");
            }
            cluster.await("the sleeper is back", () -> LocalCluster.together(cluster.nodes()));
            assertEquals("leads " + leads, cluster.ctdb(1, "pfetch", "sleepers.tdb", "k"));
          }
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "node 0 is {0}")
  @EnumSource(DaemonKind.class)
  void nodesAreReplacedOneByOneUnderLoad(DaemonKind lasting, @TempDir Path directory)
      throws IOException {
    Assumptions.assumeTrue(Hammer.missing().isEmpty(), () -> Hammer.missing().orElseThrow());
    Path program = Hammer.compile(directory);
    DaemonKind before = MixedCluster.other(lasting);
    try (MixedCluster cluster =
            MixedCluster.start(
                ClusterSettings.usual().withTunables(QUICK), List.of(lasting, before, before));
        Hammer hammer =
            Hammer.start(List.of(), program, cluster.node(0).socket(), COUNTERS, KEYS, 0, 1)) {
      for (int pnn = 1; pnn < 3; pnn++) {
        LocalNode node = cluster.node(pnn);
        try (Hammer leaving =
            Hammer.start(List.of(), program, node.socket(), COUNTERS, KEYS, 0, 100 + pnn)) {
          HammerTest.awaitCount(node, pnn, COUNTERS, KEYS);
          node.shutdown();
          assertTrue(leaving.await().daemonGone());
        }
        Await.until(
            "end of " + node.kind(),
            Duration.ofSeconds(30),
            () -> !node.running(),
            cluster::describe);
        node.become(lasting);
        node.start();
        cluster.started(node);
        cluster.awaitHealthy();
        cluster.assertUnharmed();
      }
      hammer.stop();
      Hammer.Report report = hammer.await();
      assertTrue(!report.daemonGone(), cluster::describe);
      for (LocalNode node : cluster.nodes()) {
        assertEquals(
            report.perKey(), HammerTest.totals(node, COUNTERS, KEYS, 0), cluster::describe);
      }
    }
  }
}
