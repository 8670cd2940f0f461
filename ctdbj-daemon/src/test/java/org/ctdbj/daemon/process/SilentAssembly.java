// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import org.ctdbj.daemon.node.ClientPort;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReqMessage;

/**
 * A node for tests of the process: answers no packet, but a message with service id 36 shuts the
 * daemon down.
 */
public final class SilentAssembly implements NodeAssembly {
  /** Service id that stands for the SHUTDOWN control. */
  static final long SHUTDOWN = 36;

  @Override
  public Node assemble(NodeParts parts) {
    return new Node() {
      private int clients;

      @Override
      public void start() {
        parts.log().program("ctdbd").notice("silent node " + parts.pnn() + " runs");
      }

      @Override
      public void stop(Runnable stopped) {
        parts.loop().timers().scheduleMillis(1, stopped);
      }

      @Override
      public int clientConnected(ClientPort port) {
        return ++clients;
      }

      @Override
      public void clientPacket(int clientId, Packet packet) {
        if (packet instanceof ReqMessage message && message.srvid() == SHUTDOWN) {
          parts.shutdown().accept(0);
        }
      }

      @Override
      public void clientGone(int clientId) {}

      @Override
      public void nodePacket(Packet packet) {}

      @Override
      public void linkUp(int pnn) {}

      @Override
      public void linkDown(int pnn) {}
    };
  }
}
