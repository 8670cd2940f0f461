// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.body.VnnMap;

/** The part that needs nothing but Java: three daemons on loopback. */
final class DaemonPart implements AutoCloseable {
  private static final Bytes KEY = Bytes.ofText("greeting");
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Narrator narrator;
  private final LocalCluster cluster = LocalCluster.of(3, DaemonKind.CTDBJ);

  DaemonPart(Narrator narrator) {
    this.narrator = narrator;
  }

  void show() throws IOException {
    narrator.heading("Three nodes on loopback");
    for (LocalNode node : cluster.nodes()) {
      narrator.line("node " + node.pnn() + " is " + node.address() + ", " + node.base());
    }
    long start = System.nanoTime();
    cluster.start();
    narrator.line(
        "all nodes OK "
            + Narrator.seconds(Duration.ofNanos(System.nanoTime() - start))
            + " after the start of the first");
    int leader = showRecord();
    LocalNode survivor =
        cluster.nodes().stream().filter(n -> n.pnn() != leader).findFirst().orElseThrow();
    killLeader(leader, survivor);
    try (DaemonConnection connection = DaemonConnection.open(survivor);
        SharedDatabase database = SharedDatabase.attach(connection, "demo.tdb")) {
      narrator.check(
          text(database.read(KEY)).equals("hello again"),
          "node " + survivor.pnn() + " reads \"hello again\" after the recovery");
    }
  }

  /** Writes, reads and moves one record; returns who leads. */
  private int showRecord() throws IOException {
    narrator.heading("One record, three nodes");
    try (DaemonConnection c0 = DaemonConnection.open(cluster.node(0));
        DaemonConnection c1 = DaemonConnection.open(cluster.node(1));
        DaemonConnection c2 = DaemonConnection.open(cluster.node(2));
        SharedDatabase d0 = SharedDatabase.attach(c0, "demo.tdb");
        SharedDatabase d1 = SharedDatabase.attach(c1, "demo.tdb");
        SharedDatabase d2 = SharedDatabase.attach(c2, "demo.tdb")) {
      narrator.line("demo.tdb attached at all nodes");
      d0.write(KEY, Bytes.ofText("hello"));
      narrator.line("node 0 writes greeting = \"hello\"");
      RecordHeader before = d0.localHeader(KEY).orElseThrow();
      narrator.check(text(d1.read(KEY)).equals("hello"), "node 1 reads \"hello\"");
      moved(0, before, 1, d1);
      before = d1.localHeader(KEY).orElseThrow();
      narrator.check(text(d2.read(KEY)).equals("hello"), "node 2 reads \"hello\"");
      moved(1, before, 2, d2);
      before = d2.localHeader(KEY).orElseThrow();
      d0.write(KEY, Bytes.ofText("hello again"));
      narrator.line("node 0 writes greeting = \"hello again\"");
      moved(2, before, 0, d0);
      before = d0.localHeader(KEY).orElseThrow();
      int leader = leader(c0);
      int keeper = leader == 1 ? 2 : 1;
      SharedDatabase last = keeper == 1 ? d1 : d2;
      narrator.check(
          text(last.read(KEY)).equals("hello again"), "node " + keeper + " reads \"hello again\"");
      moved(0, before, keeper, last);
      return leader;
    }
  }

  private void moved(int from, RecordHeader before, int to, SharedDatabase there) {
    RecordHeader after = there.localHeader(KEY).orElseThrow();
    narrator.check(
        before.dmaster() == from && after.dmaster() == to && after.rsn() == before.rsn() + 2,
        "  data master moved: node "
            + from
            + " -> "
            + to
            + ", rsn "
            + before.rsn()
            + " -> "
            + after.rsn());
  }

  private void killLeader(int leader, LocalNode survivor) throws IOException {
    narrator.heading("The leader dies");
    int generation;
    try (DaemonConnection connection = DaemonConnection.open(survivor)) {
      generation = vnnMap(connection).generation();
      connection.register(Srvid.LEADER);
      narrator.line("node " + leader + " leads; SIGKILL");
      long start = System.nanoTime();
      cluster.node(leader).kill();
      int[] elected = {leader};
      Await.until(
          "a new leader",
          LIMIT,
          () -> {
            elected[0] = nextLeader(connection, elected[0]);
            return elected[0] != leader && elected[0] != -1;
          },
          cluster::describe);
      narrator.line(
          "node "
              + elected[0]
              + " leads "
              + Narrator.seconds(Duration.ofNanos(System.nanoTime() - start))
              + " after the kill");
      Await.until(
          "recovery without the dead node",
          LIMIT,
          () -> recovered(connection, generation, leader),
          cluster::describe);
      cluster.awaitHealthy(LIMIT);
      narrator.line(
          "databases recovered, both survivors OK "
              + Narrator.seconds(Duration.ofNanos(System.nanoTime() - start))
              + " after the kill, generation "
              + Integer.toUnsignedString(vnnMap(connection).generation()));
    }
  }

  private static boolean recovered(DaemonConnection connection, int oldGeneration, int dead) {
    try {
      VnnMap map = vnnMap(connection);
      return map.generation() != oldGeneration
          && !map.lmasters().contains(dead)
          && connection.control(Control.GET_RECMODE, Bytes.EMPTY).status() == 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static VnnMap vnnMap(DaemonConnection connection) throws IOException {
    return VnnMap.decode(connection.control(Control.GETVNNMAP, Bytes.EMPTY).data());
  }

  private static int leader(DaemonConnection connection) throws IOException {
    connection.register(Srvid.LEADER);
    return connection.message(Srvid.LEADER, LIMIT).orElseThrow().data().getInt(0);
  }

  private static int nextLeader(DaemonConnection connection, int otherwise) {
    try {
      return connection
          .message(Srvid.LEADER, Duration.ofSeconds(1))
          .map(message -> message.data().getInt(0))
          .orElse(otherwise);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Bytes bytes) {
    return bytes.text();
  }

  void hints() {
    List<LocalNode> running = cluster.nodes().stream().filter(LocalNode::running).toList();
    narrator.line("The daemons still run. With Samba's ctdb tool, for example:");
    for (LocalNode node : running) {
      narrator.quote("CTDB_TEST_MODE=1 CTDB_BASE=" + node.base() + " ctdb status");
    }
    narrator.line("Offline, on a database file:");
    narrator.quote(
        DaemonKind.distribution().orElseThrow().resolve("bin/ctdbj")
            + " tdb info "
            + running
                .getFirst()
                .base()
                .resolve("db/volatile/demo.tdb." + running.getFirst().pnn()));
  }

  @Override
  public void close() {
    cluster.close();
  }
}
