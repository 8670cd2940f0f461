// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReqMessage;
import org.ctdbj.recovery.ClusterPort;
import org.ctdbj.recovery.ControlResult;

/**
 * The recovery core's connection to its own node. It is in the client table like the connection of
 * ctdbd's recovery daemon, so controls and messages take the same ways. Node thread only.
 */
final class InternalClient implements ClusterPort, ClientPort {
  private final NodeCore node;
  private final Map<Long, MessageHandler> handlers = new HashMap<>();
  private int clientId;

  InternalClient(NodeCore node) {
    this.node = node;
  }

  void connected(int id) {
    clientId = id;
  }

  @Override
  public int pnn() {
    return node.pnn();
  }

  @Override
  public void control(
      int pnn,
      Control control,
      long srvid,
      int flags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done) {
    node.statistics().increment(Counter.CLIENT_PACKETS_RECEIVED);
    node.statistics().increment(Counter.CLIENT_REQ_CONTROL);
    node.control(
        pnn,
        control,
        srvid,
        clientId,
        flags,
        data,
        timeoutSeconds,
        result -> {
          node.statistics().increment(Counter.CLIENT_PACKETS_SENT);
          done.accept(result);
        });
  }

  @Override
  public void message(int destination, long srvid, Bytes data) {
    node.statistics().increment(Counter.CLIENT_PACKETS_RECEIVED);
    node.statistics().increment(Counter.CLIENT_REQ_MESSAGE);
    node.message(destination, srvid, data);
  }

  @Override
  public void subscribe(long srvid, MessageHandler handler) {
    if (handlers.put(srvid, handler) == null) {
      node.registerInternal(srvid, clientId);
    }
  }

  @Override
  public void unsubscribe(long srvid) {
    if (handlers.remove(srvid) != null) {
      node.deregisterInternal(srvid, clientId);
    }
  }

  @Override
  public void send(Packet packet) {
    if (packet instanceof ReqMessage message) {
      MessageHandler handler = handlers.get(message.srvid());
      if (handler != null) {
        handler.onMessage(message.srvid(), message.data());
      }
    }
  }

  @Override
  public int queuedPackets() {
    return 0;
  }

  @Override
  public void close() {
    node.clientGone(clientId);
  }

  @Override
  public int peerPid() {
    return node.hostPid();
  }
}
