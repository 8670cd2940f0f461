// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.packet.Packet;

/** The connection to one local client. Node thread only. */
public interface ClientPort {
  /**
   * Queues a packet; never blocks, whatever the client does. Dropped if the connection is closed.
   */
  void send(Packet packet);

  /** Packets that are queued and not yet written to the socket. */
  int queuedPackets();

  /** Closes the connection; the node core is then told as for any other end of it. */
  void close();

  /** Process id of the peer when it connected; 0 if the system does not tell. */
  int peerPid();
}
