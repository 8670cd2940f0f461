// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.FileTree;

/**
 * Several daemons on addresses 127.x.y.1 and following, each with its own directory, in ctdbd's
 * test mode. Different kinds of daemon can be mixed. Closing it ends every process it started and
 * removes its files.
 */
public final class LocalCluster implements AutoCloseable {
  private final Path directory;
  private final List<LocalNode> nodes;

  private LocalCluster(Path directory, List<LocalNode> nodes) {
    this.directory = directory;
    this.nodes = nodes;
  }

  /**
   * Writes the configuration of a cluster; starts nothing.
   *
   * @param kinds the daemon of each node
   * @param settings what all nodes have in common
   */
  public static LocalCluster create(List<DaemonKind> kinds, ClusterSettings settings) {
    try {
      Path directory = Files.createTempDirectory("ctdbj-cluster");
      var random = ThreadLocalRandom.current();
      String net = "127." + random.nextInt(64, 250) + "." + random.nextInt(1, 250) + ".";
      var nodeLines = new StringBuilder();
      for (int i = 0; i < kinds.size(); i++) {
        nodeLines.append(net).append(i + 1).append('\n');
      }
      List<LocalNode> nodes = new ArrayList<>();
      for (int i = 0; i < kinds.size(); i++) {
        nodes.add(
            LocalNode.create(
                i, kinds.get(i), directory, net + (i + 1), nodeLines.toString(), settings));
      }
      return new LocalCluster(directory, List.copyOf(nodes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A cluster of equal nodes with the usual settings. */
  public static LocalCluster of(int count, DaemonKind kind) {
    return create(IntStream.range(0, count).mapToObj(i -> kind).toList(), ClusterSettings.usual());
  }

  /** Starts all nodes and waits until every one is healthy. */
  public LocalCluster start() {
    nodes.forEach(LocalNode::start);
    awaitHealthy(Duration.ofSeconds(90));
    return this;
  }

  /**
   * Starts the first node alone, waits until it is healthy and so the leader, then starts the
   * others and waits for them. For tests whose results depend on the leader: a recovery makes it
   * the data master of all records.
   */
  public LocalCluster startLedByFirst() {
    nodes.getFirst().start();
    awaitHealthy(Duration.ofSeconds(90));
    nodes.stream().skip(1).forEach(LocalNode::start);
    awaitHealthy(Duration.ofSeconds(90));
    return this;
  }

  /**
   * Waits until every running node sees every running node as healthy; returns how long it took.
   */
  public Duration awaitHealthy(Duration limit) {
    List<LocalNode> running = nodes.stream().filter(LocalNode::running).toList();
    return Await.until(
        "all nodes healthy",
        limit,
        () -> running.stream().allMatch(node -> node.seesHealthy(running)),
        this::describe);
  }

  /**
   * Whether these nodes, in the order of their numbers, are a working cluster of their own, led by
   * one of them.
   *
   * @throws IOException if one cannot be asked
   */
  public static boolean together(List<LocalNode> nodes) throws IOException {
    List<Integer> pnns = nodes.stream().map(LocalNode::pnn).toList();
    for (LocalNode node : nodes) {
      try (DaemonConnection connection = DaemonConnection.open(node)) {
        if (!connection.healthy(pnns) || !node.vnnMap().lmasters().equals(pnns)) {
          return false;
        }
      }
    }
    List<Optional<Integer>> leaders = nodes.stream().map(LocalNode::leader).distinct().toList();
    return leaders.size() == 1 && leaders.getFirst().filter(pnns::contains).isPresent();
  }

  /** The nodes in the order of their numbers. */
  public List<LocalNode> nodes() {
    return nodes;
  }

  /** One node. */
  public LocalNode node(int pnn) {
    return nodes.get(pnn);
  }

  /** Directory of the whole cluster, shared by the nodes. */
  public Path directory() {
    return directory;
  }

  /** The ends of the nodes' logs, for messages of failed tests. */
  public String describe() {
    var text = new StringBuilder();
    for (LocalNode node : nodes) {
      text.append("--- node ").append(node.pnn()).append('\n').append(node.logTail(40));
    }
    return text.toString();
  }

  @Override
  public void close() {
    nodes.forEach(LocalNode::kill);
    FileTree.delete(directory);
  }
}
