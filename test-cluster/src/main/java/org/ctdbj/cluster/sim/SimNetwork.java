// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.List;
import java.util.Random;
import org.ctdbj.daemon.node.NodeNetwork;
import org.ctdbj.protocol.packet.Packet;

/** The links between all nodes of a simulation. */
final class SimNetwork {
  private final EventQueue queue;
  private final Trace trace;
  private final Random random;
  private final long maxLatencyNanos;
  private SimLink[][] links;
  private Watcher watcher;

  /** Sees all packets between nodes. */
  interface Watcher {
    /** A node sends a packet, its own queue not included. */
    void sending(SimNode from, int to, Packet packet);

    /** A packet is at its destination: has to be given to the core. */
    void arrived(SimNode at, Packet packet);
  }

  SimNetwork(EventQueue queue, Trace trace, Random random, long maxLatencyNanos) {
    this.queue = queue;
    this.trace = trace;
    this.random = random;
    this.maxLatencyNanos = maxLatencyNanos;
  }

  void connect(List<SimNode> nodes, Watcher newWatcher) {
    watcher = newWatcher;
    links = new SimLink[nodes.size()][nodes.size()];
    for (int i = 0; i < links.length; i++) {
      for (int j = i + 1; j < links.length; j++) {
        links[i][j] = new SimLink(this, nodes.get(i), nodes.get(j));
        links[j][i] = links[i][j];
      }
    }
  }

  EventQueue queue() {
    return queue;
  }

  Trace trace() {
    return trace;
  }

  /** Mostly short, sometimes long. */
  long latency() {
    long bound = random.nextInt(50) == 0 ? 20 * maxLatencyNanos : maxLatencyNanos;
    return 20_000 + random.nextLong(bound);
  }

  void deliver(SimNode receiver, Packet packet) {
    trace.packet(receiver.pnn(), "recv", packet.header().source(), packet);
    watcher.arrived(receiver, packet);
  }

  /** The network as the core of a node uses it. */
  NodeNetwork door(SimNode node) {
    return new NodeNetwork() {
      @Override
      public void send(int pnn, Packet packet) {
        watcher.sending(node, pnn, packet);
        links[node.pnn()][pnn].send(node.pnn(), packet);
      }

      @Override
      public void restart(int pnn) {
        trace.add(node.pnn(), "restart", pnn);
        links[node.pnn()][pnn].restart(node.pnn());
      }
    };
  }

  /** A daemon listens. */
  void daemonUp(int pnn) {
    for (int other = 0; other < links.length; other++) {
      if (other != pnn) {
        links[pnn][other].connect(random.nextLong(1_000_000_000L));
      }
    }
  }

  void daemonGone(int pnn, boolean silent) {
    for (int other = 0; other < links.length; other++) {
      if (other != pnn) {
        links[pnn][other].daemonGone(pnn, silent);
      }
    }
  }

  void cut(int one, int other) {
    links[one][other].cut();
  }

  void block(int from, int to, boolean blocked) {
    links[from][to].block(from, blocked);
  }
}
