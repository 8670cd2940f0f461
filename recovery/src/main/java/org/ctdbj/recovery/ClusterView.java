// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.NodeMap;

/** What the own daemon said about the cluster in the last pass of the main loop. */
final class ClusterView {
  private final int pnn;
  private final BooleanSupplier leaderCapability;
  private TunableValues tunables = TunableValues.defaults();
  private NodeMap nodes = new NodeMap(List.of());
  private NavigableMap<Integer, Integer> capabilities = new TreeMap<>();
  private long priorityMicros;

  ClusterView(int pnn, BooleanSupplier leaderCapability, long startMicros) {
    this.pnn = pnn;
    this.leaderCapability = leaderCapability;
    this.priorityMicros = startMicros;
  }

  /** The own node. */
  int pnn() {
    return pnn;
  }

  void tunables(TunableValues values) {
    tunables = values;
  }

  TunableValues tunables() {
    return tunables;
  }

  int tunable(Tunable tunable) {
    return tunables.get(tunable);
  }

  /** A tunable that is a time, at least 1. */
  int seconds(Tunable tunable) {
    return Timeouts.seconds(tunables, tunable);
  }

  /**
   * Seconds to wait for an answer of any node; as ctdbd does, for all controls of its recovery
   * daemon.
   */
  int controlTimeoutSeconds() {
    return seconds(Tunable.RECOVER_TIMEOUT);
  }

  void nodes(NodeMap map) {
    nodes = map;
  }

  NodeMap nodes() {
    return nodes;
  }

  int nodeCount() {
    return nodes.nodes().size();
  }

  boolean knows(int node) {
    return nodes.nodes().stream().anyMatch(entry -> entry.pnn() == node);
  }

  /** The node's flags in the own daemon's view; DELETED and DISCONNECTED if it is unknown. */
  int flags(int node) {
    return flags(nodes, node);
  }

  /** The node's flags in a map; DELETED and DISCONNECTED if it is not in it. */
  static int flags(NodeMap map, int node) {
    return map.nodes().stream()
        .filter(entry -> entry.pnn() == node)
        .mapToInt(NodeMap.Node::flags)
        .findFirst()
        .orElse(NodeFlags.DELETED | NodeFlags.DISCONNECTED);
  }

  int ownFlags() {
    return flags(pnn);
  }

  /**
   * Whether the own node takes no part in the databases. False as long as nothing is known about
   * it.
   */
  boolean ownInactive() {
    return knows(pnn) && NodeFlags.isInactive(ownFlags());
  }

  /** Whether this node could be leader. */
  boolean canLead() {
    return !ownInactive() && leaderCapability.getAsBoolean();
  }

  /** Nodes that take part in the databases, ascending. */
  List<Integer> active() {
    return select(nodes, NodeFlags.INACTIVE).boxed().toList();
  }

  /** Nodes that can be reached, the own one included, ascending. */
  List<Integer> connected() {
    return connected(nodes);
  }

  /** Nodes that can be reached according to a map, ascending. */
  static List<Integer> connected(NodeMap map) {
    return select(map, NodeFlags.DISCONNECTED | NodeFlags.DELETED).boxed().toList();
  }

  /** The list without the own node. */
  List<Integer> others(List<Integer> list) {
    return list.stream().filter(node -> node != pnn).toList();
  }

  void capabilities(NavigableMap<Integer, Integer> values) {
    capabilities = values;
  }

  /**
   * Who is location master in a map made now: the active nodes with that capability, ascending; the
   * leader alone if there is none.
   */
  List<Integer> locationMasters(int leader) {
    return locationMasters(active(), capabilities, leader);
  }

  /** {@link #locationMasters(int)} of given nodes. */
  static List<Integer> locationMasters(
      List<Integer> nodes, NavigableMap<Integer, Integer> capabilities, int leader) {
    var masters =
        nodes.stream()
            .filter(node -> (capabilities.getOrDefault(node, 0) & Capabilities.LMASTER) != 0)
            .toList();
    return masters.isEmpty() ? List.of(leader) : masters;
  }

  /** When this core started, or when the node was last inactive: the earliest wins an election. */
  long priorityMicros() {
    return priorityMicros;
  }

  void priorityMicros(long wallClockMicros) {
    priorityMicros = wallClockMicros;
  }

  private static IntStream select(NodeMap map, int without) {
    return map.nodes().stream()
        .filter(entry -> (entry.flags() & without) == 0)
        .mapToInt(NodeMap.Node::pnn)
        .sorted();
  }
}
