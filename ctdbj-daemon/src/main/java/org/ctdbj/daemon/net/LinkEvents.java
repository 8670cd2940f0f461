// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import org.ctdbj.protocol.packet.Packet;

/** What the links to other nodes tell the node core. Node thread. */
public interface LinkEvents {
  /** A packet from another node. */
  void nodePacket(Packet packet);

  /** Both connections to a node stand now. */
  void linkUp(int pnn);

  /** A link that was up has broken; both connections are closed and new ones are being tried. */
  void linkDown(int pnn);
}
