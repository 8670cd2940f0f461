// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqDmaster;
import org.ctdbj.protocol.packet.ReqKeepalive;
import org.ctdbj.protocol.packet.ReqMessage;
import org.ctdbj.protocol.packet.ReqTunnel;

/** Takes every packet that arrives to the part of the node that deals with it. Node thread only. */
final class PacketDispatch {
  private final NodeCore node;
  private final MessageTable messages;
  private final ControlRouter router;
  private final Keepalive keepalive;
  private RecordTraffic traffic;

  PacketDispatch(NodeCore node, MessageTable messages, ControlRouter router, Keepalive keepalive) {
    this.node = node;
    this.messages = messages;
    this.router = router;
    this.keepalive = keepalive;
  }

  /** Says where packets about records go. */
  void connect(RecordTraffic recordTraffic) {
    traffic = recordTraffic;
  }

  /** A packet from a client. Operations that clients may not use are ignored. */
  void fromClient(Client client, Packet packet) {
    node.statistics().increment(Counter.CLIENT_PACKETS_RECEIVED);
    switch (packet) {
      case ReqCall call -> {
        node.statistics().increment(Counter.CLIENT_REQ_CALL);
        traffic.clientCall(client.id(), call);
      }
      case ReqMessage message -> {
        node.statistics().increment(Counter.CLIENT_REQ_MESSAGE);
        clientMessage(message);
      }
      case ReqControl request -> {
        node.statistics().increment(Counter.CLIENT_REQ_CONTROL);
        router.fromClient(client.id(), request);
      }
      case ReqTunnel tunnel -> {
        node.statistics().increment(Counter.CLIENT_REQ_TUNNEL);
        clientTunnel(tunnel);
      }
      default ->
          node.log()
              .debug(() -> "client " + client.pid() + " sent " + packet.getClass().getSimpleName());
    }
  }

  private void clientMessage(ReqMessage message) {
    int destination = message.header().destination();
    if (destination == Pnn.CURRENT_NODE || destination == node.pnn()) {
      node.dispatch(message.srvid(), message.data());
    } else {
      node.message(destination, message.srvid(), message.data());
    }
  }

  private void clientTunnel(ReqTunnel tunnel) {
    int destination = tunnel.header().destination();
    if (node.nodes().find(destination) != null && messages.tunnelOwner(tunnel.tunnelId()) != null) {
      node.send(tunnel.withHeader(node.headerTo(destination, tunnel.header().reqid())));
    }
  }

  /** Deals with a packet, whether it came from another node or through the own queue. */
  void fromNode(Packet packet) {
    Header header = packet.header();
    switch (packet) {
      case ReqCall call -> {
        if (current(header)) {
          node.statistics().increment(Counter.NODE_REQ_CALL);
          traffic.nodeCall(call);
        }
      }
      case ReplyCall reply -> {
        if (current(header)) {
          node.statistics().increment(Counter.NODE_REPLY_CALL);
          traffic.replyCall(reply);
        }
      }
      case ReqDmaster request -> {
        if (current(header)) {
          node.statistics().increment(Counter.NODE_REQ_DMASTER);
          traffic.reqDmaster(request);
        }
      }
      case ReplyDmaster reply -> {
        if (current(header)) {
          node.statistics().increment(Counter.NODE_REPLY_DMASTER);
          traffic.replyDmaster(reply);
        }
      }
      case ReplyError reply -> {
        node.statistics().increment(Counter.NODE_REPLY_ERROR);
        traffic.replyError(reply);
      }
      case ReqMessage message -> {
        node.statistics().increment(Counter.NODE_REQ_MESSAGE);
        node.dispatch(message.srvid(), message.data());
      }
      case ReqControl request -> {
        node.statistics().increment(Counter.NODE_REQ_CONTROL);
        router.execute(request);
      }
      case ReplyControl reply -> {
        node.statistics().increment(Counter.NODE_REPLY_CONTROL);
        router.reply(reply);
      }
      case ReqKeepalive alive -> keepalive.received(alive);
      case ReqTunnel tunnel -> {
        node.statistics().increment(Counter.NODE_REQ_TUNNEL);
        Client owner = messages.tunnelOwner(tunnel.tunnelId());
        if (owner != null) {
          node.send(owner, tunnel.withHeader(new Header(0, 0, 0, 0)));
        }
      }
    }
  }

  /**
   * Packets about records of another generation, or at a banned node, are dropped: their sender
   * sends them anew.
   */
  private boolean current(Header header) {
    return header.generation() == node.vnnMap().generation()
        && (node.ownFlags() & NodeFlags.BANNED) == 0;
  }
}
