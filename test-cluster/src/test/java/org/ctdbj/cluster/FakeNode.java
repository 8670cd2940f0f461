// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.daemon.config.TransportPort;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;

/**
 * Somebody at the address of a node whose daemon does not run: holds both connections to a victim,
 * and sends what it likes.
 */
final class FakeNode implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 20_000;

  private final ServerSocket server;
  private Socket toVictim;
  private Socket fromVictim;

  /** Listens at a node's address; nobody is connected yet. */
  FakeNode(LocalNode self) throws IOException {
    server = new ServerSocket();
    server.setReuseAddress(true);
    server.setSoTimeout(PATIENCE_MILLIS);
    server.bind(new InetSocketAddress(self.address(), TransportPort.ofThisHost()));
  }

  /** Opens a TCP connection to a node from any local address. */
  static Socket connect(String from, LocalNode victim) throws IOException {
    var socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
    socket.connect(new InetSocketAddress(victim.address(), TransportPort.ofThisHost()));
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    return socket;
  }

  /** Has both connections made: the victim tries every second. */
  void join(LocalNode victim) throws IOException {
    leave();
    InetAddress wanted = InetAddress.getByName(victim.address());
    do {
      closeIncoming();
      fromVictim = server.accept();
    } while (!fromVictim.getInetAddress().equals(wanted));
    toVictim = connect(server.getInetAddress().getHostAddress(), victim);
  }

  void send(Bytes bytes) throws IOException {
    toVictim.getOutputStream().write(bytes.toByteArray());
  }

  void send(Packet packet) throws IOException {
    send(PacketCodec.encode(packet, PacketCodec.Padding.TO_NODE));
  }

  /** Waits until the victim has closed the connection that this one writes to. */
  void awaitClosed() throws IOException {
    awaitClosed(toVictim);
  }

  /** Waits until the other side has closed a connection. */
  static void awaitClosed(Socket socket) throws IOException {
    try {
      while (socket.getInputStream().read() >= 0) {
        // a victim writes nothing here; what comes is skipped
      }
    } catch (java.net.SocketException reset) {
      // closed with unread data
    }
  }

  private void closeIncoming() throws IOException {
    if (fromVictim != null) {
      fromVictim.close();
    }
  }

  /** Breaks both connections. */
  void leave() throws IOException {
    closeIncoming();
    if (toVictim != null) {
      toVictim.close();
    }
  }

  @Override
  public void close() throws IOException {
    leave();
    server.close();
  }
}
