// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqCall;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A volatile database directory without room, on a single node and on one of three. */
@Tag("interop")
@Timeout(240)
class FullDiskTest {
  private static final Bytes KEY = Bytes.ofText("key");
  private static final Bytes VALUE = Bytes.ofText("value");
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** Whoever needs no room must not notice anything; generous, the machine may be busy. */
  private static final Duration AT_ONCE = Duration.ofSeconds(3);

  /** Records for which a file that was created on an empty disk has no room. */
  private static final int CROWD = 5000;

  @BeforeEach
  void available() {
    Assumptions.assumeTrue(DaemonKind.CTDBJ.available(), DaemonKind.CTDBJ.missing());
    Assumptions.assumeTrue(DaemonKind.root(), "mounting a small file system needs root");
  }

  /** A small file system below the volatile databases of a node that does not run yet. */
  private static final class SmallDisk implements AutoCloseable {
    private final LocalNode node;
    private final Path mount;
    private final Path filler;

    SmallDisk(LocalNode node, int megabytes) {
      this.node = node;
      mount = node.base().resolve("db/volatile");
      filler = mount.resolve("filler");
      String size = "size=" + megabytes + "m";
      List<String> command = List.of("mount", "-t", "tmpfs", "-o", size, "tmpfs", mount.toString());
      Assumptions.assumeTrue(
          Commands.run(command, Map.of(), LIMIT).exitCode() == 0,
          "mounting a small file system is not allowed here");
    }

    void fill() throws IOException {
      byte[] piece = new byte[4096];
      try (var output = Files.newOutputStream(filler)) {
        while (true) {
          output.write(piece);
        }
      } catch (IOException full) {
        assertTrue(Files.size(filler) > 0, full.toString());
      }
    }

    void makeRoom() throws IOException {
      Files.delete(filler);
    }

    @Override
    public void close() {
      node.kill();
      // lazily: a file that is still mapped here must not hide why the test failed
      List<String> command = List.of("umount", "--lazy", mount.toString());
      Commands.run(command, Map.of(), LIMIT).orThrow(command);
    }
  }

  private static void assertServes(LocalNode node, String name, Bytes key) throws IOException {
    try (DaemonConnection connection = DaemonConnection.open(node);
        SharedDatabase database = SharedDatabase.attach(connection, name)) {
      database.write(key, VALUE);
      assertEquals(VALUE, database.read(key));
    }
  }

  private static void assertServesAtOnce(LocalNode node, String name, Bytes key) {
    assertTimeoutPreemptively(AT_ONCE, () -> assertServes(node, name, key), node.logTail(30));
  }

  private static Bytes crowdKey(int number) {
    return Bytes.ofText("new record number " + number);
  }

  /** Asks for many new records, without waiting for the answers. */
  private static void sendCrowd(RawClient client, LocalNode node, String name) throws IOException {
    int id;
    try (DaemonConnection connection = DaemonConnection.open(node)) {
      id = connection.control(Control.DB_ATTACH, Bytes.ofTerminated(name)).data().getInt(0);
    }
    for (int i = 0; i < CROWD; i++) {
      client.send(
          new ReqCall(
              new Header(0, 0, 0, i + 1),
              Calls.FLAG_IMMEDIATE_MIGRATION,
              id,
              Calls.NULL,
              0,
              crowdKey(i),
              Bytes.EMPTY));
    }
  }

  /** Waits until every call of the crowd has been answered. */
  private static void awaitAnswers(RawClient crowd, LocalCluster cluster) {
    assertTimeoutPreemptively(LIMIT, () -> crowd.readFrames(CROWD), cluster::describe);
  }

  private static int generation(LocalNode node) throws IOException {
    try (DaemonConnection connection = DaemonConnection.open(node)) {
      return VnnMap.decode(connection.control(Control.GETVNNMAP, Bytes.EMPTY).data()).generation();
    }
  }

  /** Asks for a recovery and waits for its end. */
  private static void recover(LocalCluster cluster, LocalNode node) throws IOException {
    int before = generation(node);
    try (DaemonConnection connection = DaemonConnection.open(node)) {
      connection.control(Control.SET_RECMODE, Bytes.ofInt(RecoveryMode.ACTIVE.number()));
    }
    Await.until(
        "another generation in normal mode",
        LIMIT,
        () -> {
          try (DaemonConnection connection = DaemonConnection.open(node)) {
            return connection.control(Control.GET_RECMODE, Bytes.EMPTY).status()
                    == RecoveryMode.NORMAL.number()
                && generation(node) != before;
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        },
        cluster::describe);
  }

  private static boolean banned(LocalNode witness, int pnn) {
    try (DaemonConnection connection = DaemonConnection.open(witness)) {
      return connection.nodeMap().nodes().stream()
          .anyMatch(node -> node.pnn() == pnn && (node.flags() & NodeFlags.BANNED) != 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void onASingleNodeWhatFitsGoesOn() throws IOException {
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ)) {
      LocalNode node = cluster.node(0);
      try (var disk = new SmallDisk(node, 32)) {
        cluster.start();
        assertServes(node, "before.tdb", KEY);
        assertServes(node, "other.tdb", KEY);
        disk.fill();
        try (DaemonConnection connection = DaemonConnection.open(node)) {
          ReplyControl reply = connection.control(Control.DB_ATTACH, Bytes.ofTerminated("no.tdb"));
          assertEquals(-1, reply.status());
          assertTrue(reply.error().contains("no.tdb"), reply.error());
          assertTrue(reply.error().contains("no space left"), reply.error());
        }
        int generation = generation(node);
        try (RawClient crowd = new RawClient(node.socket())) {
          sendCrowd(crowd, node, "before.tdb");
          Await.until(
              "a store without room, in the log",
              LIMIT,
              () -> node.logTail(50).contains("database before.tdb, key"),
              cluster::describe);
          assertServesAtOnce(node, "before.tdb", KEY);
          assertServesAtOnce(node, "other.tdb", KEY);
          assertServesAtOnce(node, "other.tdb", Bytes.ofText("fits into this file"));
          assertEquals(generation, generation(node), "a full disk is no reason for a recovery");
          recover(cluster, node); // without room too
          assertServesAtOnce(node, "before.tdb", KEY);
          assertServesAtOnce(node, "other.tdb", KEY);

          disk.makeRoom();
          awaitAnswers(crowd, cluster);
        }
        assertServes(node, "no.tdb", KEY);
        cluster.awaitHealthy(LIMIT);
        String log = node.logTail(Integer.MAX_VALUE);
        assertFalse(log.contains("unexpected failure"), log);
        assertTrue(log.lines().count() < 500, log.lines().count() + " lines of log");
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError(e + "\n" + cluster.describe(), e);
      }
    }
  }

  @Test
  void oneOfThreeLeavesAndComesBackWhenThereIsRoom() throws IOException {
    var settings = ClusterSettings.usual().withTunables(Map.of("RecoveryBanPeriod", 8));
    try (LocalCluster cluster =
        LocalCluster.create(Collections.nCopies(3, DaemonKind.CTDBJ), settings)) {
      LocalNode full = cluster.node(0);
      List<LocalNode> others = cluster.nodes().subList(1, 3);
      try (var disk = new SmallDisk(full, 48)) {
        cluster.start();
        for (LocalNode node : cluster.nodes()) {
          assertServes(node, "before.tdb", KEY);
          assertServes(node, "other.tdb", Bytes.ofText("of node " + node.pnn()));
        }
        disk.fill();
        try (RawClient crowd = new RawClient(others.getLast().socket())) {
          // A third of them has the full node as location master.
          sendCrowd(crowd, others.getLast(), "before.tdb");
          for (LocalNode node : others) {
            assertServesAtOnce(node, "other.tdb", Bytes.ofText("of node " + node.pnn()));
          }
          Await.until(
              "the full node leaves", LIMIT, () -> banned(others.getFirst(), 0), cluster::describe);
          awaitAnswers(crowd, cluster);
        }
        for (LocalNode node : others) {
          assertServes(node, "before.tdb", KEY);
          assertServes(node, "created" + node.pnn() + ".tdb", KEY); // also while it tries to rejoin
        }
        disk.makeRoom();
        cluster.awaitHealthy(LIMIT);
        for (LocalNode node : cluster.nodes()) {
          assertServes(node, "before.tdb", KEY);
          assertServes(node, "before.tdb", crowdKey(node.pnn()));
          assertServes(node, "created1.tdb", KEY);
        }
        String log = full.logTail(Integer.MAX_VALUE);
        assertFalse(log.contains("unexpected failure"), log);
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError(e + "\n" + cluster.describe(), e);
      }
    }
  }
}
