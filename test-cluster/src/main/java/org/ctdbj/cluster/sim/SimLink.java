// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import org.ctdbj.daemon.node.NodeCore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;

/**
 * The two connections between two nodes, which come and go together: packets in either direction
 * arrive in their order, after a random time, as long as the receiver has not closed its side.
 */
final class SimLink {
  private static final long RETRY_NANOS = 1_000_000_000L;

  private final SimNetwork network;
  private final Side[] sides = new Side[2];
  private int connection;
  private boolean trying;

  /** One end. */
  private static final class Side {
    final SimNode node;
    final Deque<Bytes> held = new ArrayDeque<>();
    boolean open;
    boolean blocked;
    boolean endHeld;
    long lastArrivalNanos;
    Side peer;

    Side(SimNode node) {
      this.node = node;
    }

    void close() {
      open = false;
      held.clear();
    }
  }

  SimLink(SimNetwork network, SimNode one, SimNode other) {
    this.network = network;
    sides[0] = new Side(one);
    sides[1] = new Side(other);
    sides[0].peer = sides[1];
    sides[1].peer = sides[0];
  }

  private Side side(int pnn) {
    return sides[0].node.pnn() == pnn ? sides[0] : sides[1];
  }

  /** Tries to connect, now or a second later, unless that is going on. */
  void connect(long delayNanos) {
    if (trying) {
      return;
    }
    trying = true;
    network.queue().schedule(delayNanos, this::attempt);
  }

  private void attempt() {
    trying = false;
    for (Side side : sides) {
      if (side.open || side.blocked || !side.node.up() || side.node.clock().paused()) {
        if (!(sides[0].open && sides[1].open)) {
          connect(RETRY_NANOS);
        }
        return;
      }
    }
    connection++;
    int current = connection;
    for (Side side : sides) {
      side.open = true;
      side.held.clear();
      side.endHeld = false;
      side.lastArrivalNanos = 0;
      NodeCore core = side.node.core();
      side.node
          .clock()
          .schedule(
              network.latency(),
              () -> {
                if (side.open && current == connection) {
                  network.trace().add(side.node.pnn(), "link up", side.peer.node.pnn());
                  core.linkUp(side.peer.node.pnn());
                }
              });
    }
  }

  void send(int from, Packet packet) {
    Side sender = side(from);
    if (!sender.open) {
      return;
    }
    Bytes frame = PacketCodec.encode(packet, PacketCodec.Padding.TO_NODE);
    Packet decoded = PacketCodec.decode(frame);
    Violation.unless(packet.equals(decoded), "the codec makes %s of %s", decoded, packet);
    int current = connection;
    long now = network.queue().nowNanos();
    sender.lastArrivalNanos = Math.max(now + network.latency(), sender.lastArrivalNanos);
    network
        .queue()
        .schedule(
            sender.lastArrivalNanos - now,
            () -> {
              if (current == connection) {
                arrive(sender, frame);
              }
            });
  }

  private void arrive(Side sender, Bytes frame) {
    if (sender.blocked) {
      sender.held.add(frame);
      return;
    }
    Side receiver = sender.peer;
    if (!receiver.open) {
      if (receiver.node.answersRejects()) {
        closedByPeer(sender);
      }
      return;
    }
    int current = connection;
    receiver
        .node
        .clock()
        .schedule(
            0,
            () -> {
              if (receiver.open && current == connection) {
                network.deliver(receiver.node, PacketCodec.decode(frame));
              }
            });
  }

  /** The side notices, some time later, that the other one has closed. */
  private void closedByPeer(Side side) {
    int current = connection;
    side.node
        .clock()
        .schedule(
            network.latency(),
            () -> {
              if (side.open && current == connection) {
                closedHere(side);
                network.trace().add(side.node.pnn(), "link dn", side.peer.node.pnn());
                side.node.core().linkDown(side.peer.node.pnn());
              }
            });
  }

  private void closedHere(Side side) {
    side.close();
    if (side.peer.open) {
      if (side.blocked) {
        side.endHeld = true;
      } else {
        closedByPeer(side.peer);
      }
    }
    connect(RETRY_NANOS);
  }

  /** The node's core closes its side. */
  void restart(int pnn) {
    Side side = side(pnn);
    if (side.open) {
      closedHere(side);
    }
  }

  /** Both sides lose the connection, each at its own moment; what is on its way is partly lost. */
  void cut() {
    for (Side side : sides) {
      if (side.open) {
        closedByPeer(side);
      }
    }
  }

  /**
   * The node's daemon is gone.
   *
   * @param silent the machine is, too: the other side hears nothing
   */
  void daemonGone(int pnn, boolean silent) {
    Side side = side(pnn);
    if (side.open) {
      if (silent) {
        side.close();
        connect(RETRY_NANOS);
      } else {
        closedHere(side);
      }
    }
  }

  /** From now on nothing from the node arrives, or everything that was held does. */
  void block(int from, boolean blocked) {
    Side sender = side(from);
    sender.blocked = blocked;
    if (blocked) {
      return;
    }
    while (!sender.held.isEmpty() && !sender.blocked) {
      arrive(sender, sender.held.remove());
    }
    if (sender.endHeld) {
      sender.endHeld = false;
      closedByPeer(sender.peer);
    }
    connect(0);
  }
}
