// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import org.ctdbj.protocol.Control;
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

/** What happened last, one line per event; the text is made only when somebody wants to see it. */
final class Trace {
  /** In place of a node: nobody in particular. */
  static final int CLUSTER = -1;

  private final EventQueue queue;
  private final Entry[] ring;
  private long count;

  private record Entry(long nanos, int node, String event, Object detail) {}

  /** A packet on its way to a node. */
  private record Route(int peer, Packet packet) {}

  Trace(EventQueue queue, int capacity) {
    this.queue = queue;
    this.ring = new Entry[capacity];
  }

  /**
   * Notes an event.
   *
   * @param detail immutable
   */
  void add(int node, String event, Object detail) {
    ring[(int) (count++ % ring.length)] = new Entry(queue.nowNanos(), node, event, detail);
  }

  /** Notes a packet that a node sends or gets. */
  void packet(int node, String event, int peer, Packet packet) {
    add(node, event, new Route(peer, packet));
  }

  /** How many events there were. */
  long count() {
    return count;
  }

  /** The last events: time in seconds, node, event, detail; oldest first. */
  String tail(int lines) {
    var text = new StringBuilder();
    for (long i = Math.max(0, count - Math.min(lines, ring.length)); i < count; i++) {
      Entry entry = ring[(int) (i % ring.length)];
      String node = entry.node == CLUSTER ? "-" : Integer.toString(entry.node);
      text.append(
          "%14.6f %2s %-8s %s%n"
              .formatted(entry.nanos / 1e9, node, entry.event, describe(entry.detail)));
    }
    return text.toString();
  }

  private static String describe(Object detail) {
    return detail instanceof Route route
        ? "%2d %08x %s"
            .formatted(route.peer, route.packet.header().generation(), describePacket(route.packet))
        : String.valueOf(detail);
  }

  private static String describePacket(Packet packet) {
    int reqid = packet.header().reqid();
    return switch (packet) {
      case ReqCall call ->
          "REQ_CALL      %08x key %s hops %d flags %x from %d"
              .formatted(
                  reqid, call.key().text(), call.hopCount(), call.flags(), call.header().source());
      case ReplyCall reply -> "REPLY_CALL    %08x status %d".formatted(reqid, reply.status());
      case ReqDmaster ask ->
          "REQ_DMASTER   %08x key %s rsn %d to %d"
              .formatted(reqid, ask.key().text(), ask.rsn(), ask.dmaster());
      case ReplyDmaster reply ->
          "REPLY_DMASTER %08x key %s rsn %d".formatted(reqid, reply.key().text(), reply.rsn());
      case ReplyError error -> "REPLY_ERROR   %08x %s".formatted(reqid, error.message());
      case ReqControl request ->
          "REQ_CONTROL   %08x %s".formatted(reqid, controlName(request.opcode()));
      case ReplyControl reply ->
          "REPLY_CONTROL %08x status %d %s".formatted(reqid, reply.status(), reply.error());
      case ReqMessage message -> "REQ_MESSAGE   srvid %016x".formatted(message.srvid());
      case ReqKeepalive _ -> "KEEPALIVE";
      case ReqTunnel tunnel -> "REQ_TUNNEL    %016x".formatted(tunnel.tunnelId());
    };
  }

  private static String controlName(int opcode) {
    for (Control control : Control.values()) {
      if (control.number() == opcode) {
        return control.name();
      }
    }
    return Integer.toString(opcode);
  }
}
