// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import org.ctdbj.daemon.node.ClientPort;
import org.ctdbj.protocol.packet.Packet;

/** What the client socket tells the node core. Node thread. */
public interface ClientEvents {
  /** A client has connected; returns its id, which is not 0. */
  int clientConnected(ClientPort port);

  /** A packet from a client. */
  void clientPacket(int clientId, Packet packet);

  /** The connection has ended, for whatever reason; nothing more comes from this client. */
  void clientGone(int clientId);
}
