// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.Uptime;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;

/**
 * Has a cluster of three nodes do what a real one does, so that their JVMs can note which classes
 * were needed and which methods were hot: migrations, and recoveries of a database with many
 * records. The nodes then end by themselves, and each JVM leaves its notes.
 *
 * <p>usage: Rehearsal DIRECTORY - where each node leaves a file named PID.aotconf
 */
public final class Rehearsal {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String NAME = "rehearsal.tdb";
  private static final int RECORDS = 50_000;
  private static final int MIGRATIONS = 10_000;
  private static final int RECOVERIES = 4;

  private Rehearsal() {}

  /** Runs the rehearsal. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("usage: Rehearsal DIRECTORY");
      System.exit(2);
    }
    Path notes = Path.of(arguments[0]).toAbsolutePath();
    Map<String, String> recording =
        Map.of(
            "CTDBJ_JAVA_OPTS",
            "-XX:+UseSerialGC -XX:AOTMode=record -XX:AOTConfiguration=" + notes + "/%p.aotconf");
    var settings = ClusterSettings.usual().withTunables(Map.of("RerecoveryTimeout", 1));
    try (LocalCluster cluster =
        LocalCluster.create(
            List.of(DaemonKind.CTDBJ, DaemonKind.CTDBJ, DaemonKind.CTDBJ), settings)) {
      cluster.nodes().forEach(node -> node.start(recording));
      cluster.awaitHealthy(LIMIT);
      int id = attach(cluster);
      migrate(cluster, id);
      for (LocalNode node : cluster.nodes()) {
        fill(node);
      }
      recover(cluster);
      end(cluster);
    }
  }

  private static int attach(LocalCluster cluster) throws IOException {
    int id = 0;
    for (LocalNode node : cluster.nodes()) {
      try (DaemonConnection connection = DaemonConnection.open(node)) {
        id = connection.control(Control.DB_ATTACH, Bytes.ofTerminated(NAME)).data().getInt(0);
      }
    }
    return id;
  }

  private static void migrate(LocalCluster cluster, int id) throws IOException {
    Bytes key = Bytes.ofText("there and back");
    try (DaemonConnection first = DaemonConnection.open(cluster.node(0));
        DaemonConnection second = DaemonConnection.open(cluster.node(1))) {
      for (int i = 0; i < MIGRATIONS / 2; i++) {
        first.call(id, Calls.NULL, Calls.FLAG_IMMEDIATE_MIGRATION, key);
        second.call(id, Calls.NULL, Calls.FLAG_IMMEDIATE_MIGRATION, key);
      }
    }
  }

  /** Puts records into a node's file as an smbd does that finds its node to be data master. */
  private static void fill(LocalNode node) {
    Path file = node.base().resolve("db/volatile/" + NAME + "." + node.pnn());
    var flags = TdbOptions.of(TdbFlag.NOSYNC, TdbFlag.MUTEX_LOCKING, TdbFlag.CLEAR_IF_FIRST);
    try (Tdb database = Tdb.open(file, flags.withCreate(false))) {
      for (int i = 0; i < RECORDS; i++) {
        var value = ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN);
        value.putLong(1 + i % 3).putInt(node.pnn()).putLong(24, i).putLong(32, node.pnn());
        database.store(Integer.toString(i).getBytes(StandardCharsets.US_ASCII), value.array());
      }
    }
  }

  private static void recover(LocalCluster cluster) throws IOException {
    try (DaemonConnection connection = DaemonConnection.open(cluster.node(0))) {
      for (int i = 0; i < RECOVERIES; i++) {
        Uptime before = uptime(connection);
        connection.control(Control.SET_RECMODE, Bytes.ofInt(1));
        Await.until(
            "recovery",
            LIMIT,
            () -> !uptime(connection).lastRecoveryFinished().equals(before.lastRecoveryFinished()),
            cluster::describe);
      }
    }
  }

  private static Uptime uptime(DaemonConnection connection) {
    try {
      return Uptime.decode(connection.control(Control.UPTIME, Bytes.EMPTY).data());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Each JVM writes its notes before its process ends. */
  private static void end(LocalCluster cluster) {
    for (LocalNode node : cluster.nodes()) {
      long pid = node.pid().orElseThrow();
      node.signal("TERM");
      Await.until(
          "end of node " + node.pnn(), LIMIT, () -> !LocalNode.lives(pid), cluster::describe);
    }
  }
}
