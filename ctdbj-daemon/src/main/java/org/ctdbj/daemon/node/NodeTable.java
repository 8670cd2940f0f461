// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.body.NodeMap;

/** The nodes of the cluster in the own view. Node thread only. */
final class NodeTable {
  private final int ownPnn;
  private final List<Entry> entries = new ArrayList<>();

  /** One node. */
  static final class Entry {
    private NodeMap.Node node;
    private boolean heard;
    private int silentIntervals;

    Entry(NodeMap.Node node) {
      this.node = node;
    }

    int flags() {
      return node.flags();
    }

    void setFlags(int flags) {
      node = new NodeMap.Node(node.pnn(), flags, node.address());
    }

    boolean has(int flag) {
      return (node.flags() & flag) != 0;
    }

    boolean connected() {
      return !has(NodeFlags.DISCONNECTED | NodeFlags.DELETED);
    }
  }

  NodeTable(NodeConfiguration configuration) {
    ownPnn = configuration.pnn();
    for (NodeMap.Node node : configuration.nodes()) {
      entries.add(new Entry(fresh(node)));
    }
    Entry own = entries.get(ownPnn);
    own.setFlags(
        NodeFlags.UNHEALTHY
            | (configuration.startDisabled() ? NodeFlags.PERMANENTLY_DISABLED : 0)
            | (configuration.startStopped() ? NodeFlags.STOPPED : 0));
  }

  /** A node that nothing is known of yet. */
  private static NodeMap.Node fresh(NodeMap.Node node) {
    int flags =
        (node.flags() & NodeFlags.DELETED) != 0
            ? NodeFlags.DELETED | NodeFlags.DISCONNECTED
            : NodeFlags.DISCONNECTED | NodeFlags.UNHEALTHY;
    return new NodeMap.Node(node.pnn(), flags, node.address());
  }

  Entry own() {
    return entries.get(ownPnn);
  }

  /** The node with a number, or null. */
  Entry find(int pnn) {
    return pnn >= 0 && pnn < entries.size() ? entries.get(pnn) : null;
  }

  int size() {
    return entries.size();
  }

  NodeMap map() {
    return new NodeMap(entries.stream().map(entry -> entry.node).toList());
  }

  List<Integer> expand(int destination) {
    if (!Pnn.isBroadcast(destination)) {
      return find(destination) == null ? List.of() : List.of(destination);
    }
    int excluded =
        switch (destination) {
          case Pnn.BROADCAST_ALL -> NodeFlags.DELETED;
          case Pnn.BROADCAST_ACTIVE -> NodeFlags.INACTIVE;
          default -> NodeFlags.DELETED | NodeFlags.DISCONNECTED;
        };
    List<Integer> pnns = new ArrayList<>(entries.size());
    for (int pnn = 0; pnn < entries.size(); pnn++) {
      if (!entries.get(pnn).has(excluded)) {
        pnns.add(pnn);
      }
    }
    return pnns;
  }

  /**
   * Notes that both connections to a node stand; returns whether it was not connected until now.
   */
  boolean linkUp(int pnn) {
    Entry entry = find(pnn);
    if (entry == null || pnn == ownPnn || !entry.has(NodeFlags.DISCONNECTED)) {
      return false;
    }
    entry.setFlags(entry.flags() & ~NodeFlags.DISCONNECTED);
    entry.silentIntervals = 0;
    entry.heard = true;
    return true;
  }

  /** Notes that the connections are gone; returns whether the node was connected until now. */
  boolean linkDown(int pnn) {
    Entry entry = find(pnn);
    if (entry == null || pnn == ownPnn) {
      return false;
    }
    boolean was = !entry.has(NodeFlags.DISCONNECTED);
    if (was) {
      entry.setFlags(entry.flags() | NodeFlags.DISCONNECTED | NodeFlags.UNHEALTHY);
    }
    return was;
  }

  /** Notes a sign of life. */
  void heard(int pnn) {
    Entry entry = find(pnn);
    if (entry != null) {
      entry.heard = true;
    }
  }

  /** Ends an interval: how many of them the node has been silent for now. */
  int silentIntervals(int pnn) {
    Entry entry = entries.get(pnn);
    entry.silentIntervals = entry.heard ? 0 : entry.silentIntervals + 1;
    entry.heard = false;
    return entry.silentIntervals;
  }

  /** Why a changed nodes file cannot be taken over; null if it can. */
  String refusal(List<NodeMap.Node> nodes) {
    if (ownPnn >= nodes.size() || changed(nodes.get(ownPnn))) {
      return "the nodes file has another address for node "
          + ownPnn
          + ", which is this one, or none: change it while this node is down";
    }
    return null;
  }

  private boolean changed(NodeMap.Node node) {
    Entry entry = entries.get(node.pnn());
    return !entry.node.address().equals(node.address())
        || entry.has(NodeFlags.DELETED) != ((node.flags() & NodeFlags.DELETED) != 0);
  }

  /**
   * Takes over a changed nodes file: nodes that are the same as before keep their state, those that
   * are missing at its end are deleted.
   *
   * @return nodes that were connected and are others now
   */
  List<Integer> reload(List<NodeMap.Node> nodes) {
    List<Integer> gone = new ArrayList<>();
    for (NodeMap.Node node : nodes) {
      if (node.pnn() >= entries.size()) {
        entries.add(new Entry(fresh(node)));
      } else if (changed(node)) {
        replace(node, gone);
      }
    }
    for (int pnn = nodes.size(); pnn < entries.size(); pnn++) {
      NodeMap.Node old = entries.get(pnn).node;
      if ((old.flags() & NodeFlags.DELETED) == 0) {
        replace(new NodeMap.Node(pnn, NodeFlags.DELETED, old.address()), gone);
      }
    }
    return gone;
  }

  private void replace(NodeMap.Node node, List<Integer> gone) {
    if (entries.get(node.pnn()).connected()) {
      gone.add(node.pnn());
    }
    entries.set(node.pnn(), new Entry(fresh(node)));
  }
}
