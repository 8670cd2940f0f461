// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.ClientPort;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqMessage;

/**
 * A process like smbd: a connection to the daemon of its machine and locks in its files. It lives
 * until it dies of its own accord or its machine does; a daemon that is stopped does not stop it.
 */
abstract class SimClient {
  private static final long SOCKET_NANOS = 100_000;

  final Simulation world;
  final SimNode node;
  final Random random;
  private final int pid;
  private final Map<Integer, Consumer<Packet>> waiting = new HashMap<>();
  private int clientId;
  private int lastReqid;
  private boolean alive = true;
  private long lastToDaemonNanos;
  private long lastFromDaemonNanos;

  SimClient(Simulation world, SimNode node) {
    this.world = world;
    this.node = node;
    this.random = world.random();
    this.pid = world.nextPid();
    node.clients().add(this);
    toDaemon(
        () -> {
          clientId = node.core().clientConnected(new Port());
          fromDaemon(this::connected);
        });
  }

  /** The daemon has taken the connection. */
  abstract void connected();

  /** A message that this process has registered for. */
  void message(ReqMessage message) {
    throw new Violation("process %d got a message that it has not asked for".formatted(pid));
  }

  /** Whether the daemon owes this process an answer. */
  boolean waits() {
    return alive && !waiting.isEmpty();
  }

  int pid() {
    return pid;
  }

  boolean alive() {
    return alive;
  }

  /** The process is killed; the kernel frees its locks and closes its connection. */
  void die() {
    world.trace().add(node.pnn(), "die", pid);
    ended();
    node.clients().remove(this);
    if (node.up()) {
      node.attached().values().forEach(store -> store.processDied(this));
      toDaemonAlways(() -> node.core().clientGone(clientId));
    }
  }

  /** The machine is gone, and this process with it. */
  void machineGone() {
    ended();
  }

  private void ended() {
    alive = false;
    waiting.clear();
    lost();
  }

  /** The process is dead: what it held is free. */
  abstract void lost();

  /** Runs later, if the process still lives then. */
  void later(long nanos, Runnable task) {
    world
        .queue()
        .schedule(
            nanos,
            () -> {
              if (alive) {
                task.run();
              }
            });
  }

  void control(Control control, long srvid, Bytes data, Consumer<ReplyControl> done) {
    int reqid = ++lastReqid;
    waiting.put(reqid, reply -> done.accept((ReplyControl) reply));
    send(
        new ReqControl(
            new Header(0, Pnn.CURRENT_NODE, 0, reqid), control.number(), srvid, 0, 0, data));
  }

  void call(int databaseId, int callId, int flags, Bytes key, Consumer<ReplyCall> done) {
    int reqid = ++lastReqid;
    waiting.put(reqid, reply -> done.accept((ReplyCall) reply));
    send(new ReqCall(new Header(0, 0, 0, reqid), flags, databaseId, callId, 0, key, Bytes.EMPTY));
  }

  void send(Packet packet) {
    Bytes frame = PacketCodec.encode(packet, PacketCodec.Padding.NONE);
    toDaemon(() -> node.core().clientPacket(clientId, PacketCodec.decode(frame)));
  }

  private void toDaemon(Runnable task) {
    toDaemonAlways(
        () -> {
          if (alive) {
            task.run();
          }
        });
  }

  private void toDaemonAlways(Runnable task) {
    long now = world.queue().nowNanos();
    lastToDaemonNanos = Math.max(lastToDaemonNanos, now + random.nextLong(SOCKET_NANOS));
    node.clock().schedule(lastToDaemonNanos - now, task);
  }

  private void fromDaemon(Runnable task) {
    long now = world.queue().nowNanos();
    lastFromDaemonNanos = Math.max(lastFromDaemonNanos, now + random.nextLong(SOCKET_NANOS));
    later(lastFromDaemonNanos - now, task);
  }

  private void received(Packet packet) {
    if (packet instanceof ReqMessage message) {
      message(message);
      return;
    }
    Consumer<Packet> done = waiting.remove(packet.header().reqid());
    Violation.unless(
        done != null, "node %d: a client got an answer to nothing: %s", node.pnn(), packet);
    done.accept(packet);
  }

  private final class Port implements ClientPort {
    @Override
    public void send(Packet packet) {
      Bytes frame = PacketCodec.encode(packet, PacketCodec.Padding.NONE);
      fromDaemon(() -> received(PacketCodec.decode(frame)));
    }

    @Override
    public int queuedPackets() {
      return 0;
    }

    @Override
    public void close() {
      throw new Violation(
          "node %d: the daemon closed the connection of a client".formatted(node.pnn()));
    }

    @Override
    public int peerPid() {
      return pid;
    }
  }
}
