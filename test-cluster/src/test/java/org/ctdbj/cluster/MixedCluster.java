// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.NodeCopy;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.NodeMap;
import org.junit.jupiter.api.Assumptions;

/** A running cluster of both daemons, and the questions that the tests of such clusters ask. */
final class MixedCluster implements AutoCloseable {
  static final Duration LIMIT = Duration.ofMinutes(2);

  /**
   * What the original writes into its log when somebody has sent it something impossible. That it
   * aborts a recovery because another node leads now is a usual end of a recovery.
   */
  private static final Pattern COMPLAINT =
      Pattern.compile(
          "INTERNAL ERROR|PANIC|Bad |bad packet|abort(?!ing recovery)|Invalid packet|assert"
              + "|Unknown operation|unexpected|Malformed|too (small|short|large)",
          Pattern.CASE_INSENSITIVE);

  private final LocalCluster cluster;
  private final Map<Integer, Long> pids = new TreeMap<>();

  private MixedCluster(LocalCluster cluster) {
    this.cluster = cluster;
    cluster.nodes().forEach(this::started);
  }

  /** Starts a cluster of these kinds, in order of their numbers. */
  static MixedCluster start(ClusterSettings settings, List<DaemonKind> kinds) {
    Assumptions.assumeTrue(DaemonKind.CTDBD.available(), DaemonKind.CTDBD.missing());
    Assumptions.assumeTrue(DaemonKind.CTDBJ.available(), DaemonKind.CTDBJ.missing());
    LocalCluster cluster = LocalCluster.create(kinds, settings);
    try {
      return new MixedCluster(cluster.start());
    } catch (RuntimeException | Error failure) {
      cluster.close();
      throw failure;
    }
  }

  static DaemonKind other(DaemonKind kind) {
    return kind == DaemonKind.CTDBD ? DaemonKind.CTDBJ : DaemonKind.CTDBD;
  }

  LocalNode node(int pnn) {
    return cluster.node(pnn);
  }

  List<LocalNode> nodes() {
    return cluster.nodes();
  }

  String describe() {
    return cluster.describe();
  }

  Duration awaitHealthy() {
    return cluster.awaitHealthy(LIMIT);
  }

  /** The first node of a kind. */
  LocalNode first(DaemonKind kind) {
    return nodes().stream().filter(node -> node.kind() == kind).findFirst().orElseThrow();
  }

  /** Notes which process the node has become: only the test itself may end it. */
  void started(LocalNode node) {
    pids.put(node.pnn(), node.pid().orElseThrow());
  }

  /** Fails unless all daemons still are the processes that were started, without a complaint. */
  void assertUnharmed() {
    for (LocalNode node : nodes()) {
      assertEquals(
          Optional.of(pids.get(node.pnn())), node.pid(), () -> "PID of " + node.pnn() + describe());
      assertTrue(node.running(), () -> "node " + node.pnn() + " has ended\n" + describe());
      if (node.kind() == DaemonKind.CTDBD) {
        try (var lines = Files.lines(node.base().resolve("log.ctdb"))) {
          assertEquals(List.of(), lines.filter(line -> COMPLAINT.matcher(line).find()).toList());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** Runs the tool; it must succeed. */
  String ctdb(int pnn, String... arguments) {
    List<String> shown = new ArrayList<>(List.of("ctdb", "(node " + pnn + ")"));
    shown.addAll(List.of(arguments));
    return node(pnn).ctdb(arguments).orThrow(shown).output().strip();
  }

  void await(String what, Callable<Boolean> condition) {
    Await.until(
        what,
        LIMIT,
        () -> {
          try {
            return condition.call();
          } catch (IOException notYet) {
            return false;
          } catch (Exception e) {
            throw new IllegalStateException(what, e);
          }
        },
        this::describe);
  }

  /**
   * Makes the node the leader, if it is not, by taking the role from all others, which then get it
   * back.
   */
  void lead(int leader) {
    if (nodes().stream().allMatch(node -> node.leader().equals(Optional.of(leader)))) {
      return;
    }
    for (LocalNode node : nodes()) {
      if (node.pnn() != leader) {
        ctdb(node.pnn(), "setleaderrole", "off");
      }
    }
    awaitLeader(leader);
    for (LocalNode node : nodes()) {
      ctdb(node.pnn(), "setleaderrole", "on");
    }
    awaitHealthy();
  }

  void awaitLeader(int leader) {
    await(
        "node " + leader + " leads",
        () -> {
          for (LocalNode node : nodes()) {
            if (node.running() && !node.leader().equals(Optional.of(leader))) {
              return false;
            }
          }
          return true;
        });
  }

  /** Whether some running node is in normal operation in a cluster of so many. */
  boolean works(int members) throws IOException {
    for (LocalNode node : nodes()) {
      if (node.running() && node.vnnMap().lmasters().size() == members) {
        try (var connection = DaemonConnection.open(node)) {
          if (connection.control(Control.GET_RECMODE, Bytes.EMPTY).status() == 0) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** What one node thinks of another: its flags. */
  int flags(int observer, int pnn) throws IOException {
    try (var connection = DaemonConnection.open(node(observer))) {
      NodeMap map = connection.nodeMap();
      return map.nodes().stream()
          .filter(node -> node.pnn() == pnn)
          .findFirst()
          .orElseThrow()
          .flags();
    }
  }

  Map<String, NodeCopy.Entry> copy(int pnn, String database) throws IOException {
    return NodeCopy.read(node(pnn), database).records();
  }

  @Override
  public void close() {
    cluster.close();
  }
}
