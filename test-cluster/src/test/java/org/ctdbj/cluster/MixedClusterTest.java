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
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clusters of which some nodes run the original daemon and some this project's. */
@Tag("interop")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MixedClusterTest {
  private static final String DATABASE = "vol.tdb";
  private static final int KEYS = 12;

  /** The next recovery may come a second after the last. */
  private static final ClusterSettings SETTINGS = settings(Map.of());

  private static ClusterSettings settings(Map<String, Integer> more) {
    Map<String, Integer> tunables = new TreeMap<>(more);
    tunables.put("RerecoveryTimeout", 1);
    return ClusterSettings.usual().withTunables(tunables);
  }

  private static MixedCluster start(DaemonKind outer, ClusterSettings settings) {
    return MixedCluster.start(settings, List.of(outer, MixedCluster.other(outer), outer));
  }

  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void readOnlyCopiesAreGivenAndRevoked(DaemonKind outer) throws IOException {
    try (MixedCluster cluster = start(outer, SETTINGS)) {
      cluster.ctdb(0, "attach", DATABASE);
      cluster.ctdb(0, "setdbreadonly", DATABASE);
      for (int owner = 0; owner < 3; owner++) {
        int first = (owner + 1) % 3;
        int second = (owner + 2) % 3;
        cluster.ctdb(owner, "writekey", DATABASE, "k", "one" + owner);
        for (int reader : List.of(first, second)) {
          assertEquals("one" + owner, readOnly(cluster, reader));
          NodeCopy.Entry copy = cluster.copy(reader, DATABASE).get("k");
          assertEquals("one" + owner, copy.value().text());
          assertTrue(copy.header().hasAny(RecordFlags.RO_HAVE_READONLY), copy::toString);
        }
        NodeCopy.Entry owned = cluster.copy(owner, DATABASE).get("k");
        assertEquals(owner, owned.header().dmaster());
        assertTrue(owned.header().hasAny(RecordFlags.RO_HAVE_DELEGATIONS), owned::toString);

        cluster.ctdb(owner, "writekey", DATABASE, "k", "two" + owner);
        owned = cluster.copy(owner, DATABASE).get("k");
        assertTrue(!owned.header().hasAny(RecordFlags.RO_HAVE_DELEGATIONS), owned::toString);
        for (int reader : List.of(first, second)) {
          assertEquals("two" + owner, readOnly(cluster, reader));
        }
        // A reader wants to write: its own read-only copy and the other's must not survive that.
        cluster.ctdb(first, "writekey", DATABASE, "k", "three" + owner);
        assertEquals("three" + owner, readOnly(cluster, second));
        assertEquals("three" + owner, readOnly(cluster, owner));
      }
      cluster.assertUnharmed();
    }
  }

  /** The value of the record as a reader with a read-only copy sees it. */
  private static String readOnly(MixedCluster cluster, int pnn) {
    String line = cluster.ctdb(pnn, "readkey", DATABASE, "k", "readonly");
    return line.substring(line.indexOf("ptr:[") + 5, line.lastIndexOf(']'));
  }

  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void deletedRecordsVanishFromAllNodes(DaemonKind outer) throws IOException {
    try (MixedCluster cluster = start(outer, settings(Map.of("VacuumInterval", 100_000)))) {
      int id;
      for (LocalNode node : cluster.nodes()) {
        try (var connection = DaemonConnection.open(node);
            var database = SharedDatabase.attach(connection, DATABASE)) {
          for (int i = 0; i < 30; i++) {
            database.write(Bytes.ofText("shared" + i), Bytes.ofText("of " + node.pnn()));
            database.write(Bytes.ofText("own" + node.pnn() + "." + i), Bytes.ofText("value"));
          }
        }
      }
      try (var connection = DaemonConnection.open(cluster.node(0))) {
        id = NodeCopy.databaseId(connection, DATABASE);
      }
      for (LocalNode node : cluster.nodes()) {
        try (var connection = DaemonConnection.open(node);
            var database = SharedDatabase.attach(connection, DATABASE)) {
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
              left += (int) gone(cluster.copy(node.pnn(), DATABASE));
            }
            return left == 0;
          });
      for (LocalNode node : cluster.nodes()) {
        String dump = cluster.ctdb(node.pnn(), "catdb", DATABASE);
        assertTrue(dump.contains("Dumped 60 records"), dump);
      }
      cluster.assertUnharmed();
    }
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

  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void messagesAndQuestionsCross(DaemonKind outer) throws IOException {
    long srvid = 0x1122334455667788L;
    int pid = Math.toIntExact(ProcessHandle.current().pid());
    try (MixedCluster cluster = start(outer, SETTINGS)) {
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
      cluster.assertUnharmed();
    }
  }

  private static int ask(DaemonConnection connection, int pnn, Control control, Bytes data)
      throws IOException {
    return connection.control(pnn, control, 0, 0, data).status();
  }

  @ParameterizedTest(name = "nodes 0 and 2 are {0}")
  @EnumSource(DaemonKind.class)
  void eitherCanBeStoppedBannedAndKilled(DaemonKind outer) throws IOException {
    try (MixedCluster cluster = start(outer, SETTINGS)) {
      cluster.ctdb(0, "attach", DATABASE);
      cluster.ctdb(0, "attach", "per.tdb", "persistent");
      for (int subject = 0; subject < 2; subject++) {
        int witness = 2 - subject;
        int pnn = subject;
        // Not by the subject: a volatile record that only a stopped node has is gone, as intended.
        cluster.ctdb(witness, "writekey", DATABASE, "k", "v" + subject);
        cluster.ctdb(subject, "pstore", "per.tdb", "p", "v" + subject);

        cluster.ctdb(subject, "stop");
        inactive(cluster, witness, pnn, NodeFlags.STOPPED);
        cluster.ctdb(subject, "continue");
        cluster.awaitHealthy();
        cluster.ctdb(subject, "ban", "300");
        inactive(cluster, witness, pnn, NodeFlags.BANNED);
        cluster.ctdb(subject, "unban");
        cluster.awaitHealthy();
        assertTrue(cluster.ctdb(pnn, "readkey", DATABASE, "k").contains("[v" + subject + "]"));
        cluster.assertUnharmed();

        cluster.node(subject).kill();
        cluster.await(
            "the others go on",
            () -> (cluster.flags(witness, pnn) & NodeFlags.DISCONNECTED) != 0 && cluster.works(2));
        assertTrue(cluster.ctdb(witness, "readkey", DATABASE, "k").contains("[v" + subject + "]"));
        cluster.ctdb(witness, "pstore", "per.tdb", "q", "w" + subject);
        cluster.node(subject).start();
        cluster.started(cluster.node(subject));
        cluster.awaitHealthy();
        cluster.await(
            "the node has what was stored without it",
            () -> cluster.ctdb(pnn, "pfetch", "per.tdb", "q").equals("w" + pnn));
        cluster.assertUnharmed();
      }
    }
  }

  private static void inactive(MixedCluster cluster, int witness, int pnn, int flag) {
    cluster.await(
        "node " + pnn + " has flag " + flag + " and the others go on",
        () -> (cluster.flags(witness, pnn) & flag) != 0 && cluster.works(2));
  }

  @ParameterizedTest(name = "node 0 is {0}")
  @EnumSource(DaemonKind.class)
  void nodesAreReplacedOneByOneUnderLoad(DaemonKind lasting, @TempDir Path directory)
      throws IOException {
    Assumptions.assumeTrue(Hammer.missing().isEmpty(), () -> Hammer.missing().orElseThrow());
    Path program = Hammer.compile(directory);
    DaemonKind before = MixedCluster.other(lasting);
    try (MixedCluster cluster = MixedCluster.start(SETTINGS, List.of(lasting, before, before));
        Hammer hammer =
            Hammer.start(List.of(), program, cluster.node(0).socket(), DATABASE, KEYS, 0, 1)) {
      for (DaemonKind next : List.of(lasting, before)) {
        for (int pnn = 1; pnn < 3; pnn++) {
          LocalNode node = cluster.node(pnn);
          try (Hammer leaving =
              Hammer.start(List.of(), program, node.socket(), DATABASE, KEYS, 0, 100 + pnn)) {
            HammerTest.awaitCount(node, pnn, DATABASE, KEYS);
            node.shutdown();
            assertTrue(leaving.await().daemonGone());
          }
          Await.until(
              "end of " + node.kind(),
              Duration.ofSeconds(30),
              () -> !node.running(),
              cluster::describe);
          node.become(next);
          node.start();
          cluster.started(node);
          cluster.awaitHealthy();
          cluster.assertUnharmed();
        }
      }
      hammer.stop();
      Hammer.Report report = hammer.await();
      assertTrue(!report.daemonGone(), cluster::describe);
      for (LocalNode node : cluster.nodes()) {
        assertEquals(
            report.perKey(), HammerTest.totals(node, DATABASE, KEYS, 0), cluster::describe);
      }
    }
  }
}
