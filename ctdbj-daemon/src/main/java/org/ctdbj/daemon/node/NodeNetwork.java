// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.packet.Packet;

/**
 * The links to the other nodes. The node tells it what to send; it tells the node core (its input
 * methods) what arrived and which links came up or broke. Node thread only.
 */
public interface NodeNetwork {
  /**
   * Queues a packet on the own outgoing connection to a node; silently drops it if there is none.
   * Never blocks.
   */
  void send(int pnn, Packet packet);

  /** Closes both connections to a node that is taken for dead, and starts to connect anew. */
  void restart(int pnn);
}
