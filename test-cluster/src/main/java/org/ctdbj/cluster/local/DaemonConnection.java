// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.local;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Predicate;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqMessage;

/**
 * A client of one daemon, synchronous as smbd is: one request at a time, messages that arrive
 * meanwhile are kept. Used by one thread.
 */
public final class DaemonConnection implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final SocketChannel channel;
  private final Selector selector;
  private final Queue<ReqMessage> messages = new ArrayDeque<>();
  private byte[] received = new byte[65536];
  private int receivedCount;
  private int lastReqid;

  private DaemonConnection(SocketChannel channel, Selector selector) {
    this.channel = channel;
    this.selector = selector;
  }

  /** Connects to the daemon of a node. */
  public static DaemonConnection open(LocalNode node) throws IOException {
    return open(node.socket());
  }

  /** Connects to the daemon that listens on a Unix socket. */
  public static DaemonConnection open(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      Selector selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
      return new DaemonConnection(channel, selector);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Sends a control to a node (or {@link Pnn#CURRENT_NODE}) and waits for the answer. */
  public ReplyControl control(int pnn, Control control, long srvid, int flags, Bytes data)
      throws IOException {
    int reqid = ++lastReqid;
    send(new ReqControl(new Header(0, pnn, 0, reqid), control.number(), srvid, 0, flags, data));
    return await(ReplyControl.class, reply -> reply.header().reqid() == reqid);
  }

  /** {@link #control} to the own node, without flags. */
  public ReplyControl control(Control control, Bytes data) throws IOException {
    return control(Pnn.CURRENT_NODE, control, 0, 0, data);
  }

  /** Sends a call for a record and waits for the answer. */
  public ReplyCall call(int databaseId, int callId, int flags, Bytes key) throws IOException {
    int reqid = ++lastReqid;
    send(new ReqCall(new Header(0, 0, 0, reqid), flags, databaseId, callId, 0, key, Bytes.EMPTY));
    return await(ReplyCall.class, reply -> reply.header().reqid() == reqid);
  }

  /** From now on messages for the service id arrive at {@link #message}. */
  public void register(long srvid) throws IOException {
    control(Pnn.CURRENT_NODE, Control.REGISTER_SRVID, srvid, 0, Bytes.EMPTY);
  }

  /** The next message for the service id, waiting at most so long. */
  public Optional<ReqMessage> message(long srvid, Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      Optional<ReqMessage> kept =
          messages.stream().filter(message -> message.srvid() == srvid).findFirst();
      if (kept.isPresent()) {
        messages.remove(kept.get());
        return kept;
      }
      Optional<Packet> packet = receive(deadline);
      if (packet.isEmpty()) {
        return Optional.empty();
      }
      if (packet.get() instanceof ReqMessage message) {
        messages.add(message);
      }
    }
  }

  /** The daemon's view of the nodes. */
  public NodeMap nodeMap() throws IOException {
    return NodeMap.decode(control(Control.GET_NODEMAP, Bytes.EMPTY).data());
  }

  /**
   * Whether the daemon sees all these nodes without any flag, itself in normal mode and running.
   */
  public boolean healthy(List<Integer> pnns) throws IOException {
    NodeMap map = nodeMap();
    boolean clean =
        pnns.stream()
            .allMatch(
                pnn ->
                    map.nodes().stream().anyMatch(node -> node.pnn() == pnn && node.flags() == 0));
    return clean
        && control(Control.GET_RECMODE, Bytes.EMPTY).status() == 0
        && control(Control.GET_RUNSTATE, Bytes.EMPTY).data().getInt(0) == 5;
  }

  /** Sends any packet. */
  public void send(Packet packet) throws IOException {
    ByteBuffer buffer =
        ByteBuffer.wrap(PacketCodec.encode(packet, PacketCodec.Padding.NONE).toByteArray());
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) == 0) {
        channel.keyFor(selector).interestOps(SelectionKey.OP_WRITE);
        selector.select(LIMIT.toMillis());
        selector.selectedKeys().clear();
        channel.keyFor(selector).interestOps(SelectionKey.OP_READ);
      }
    }
  }

  private <T extends Packet> T await(Class<T> kind, Predicate<T> wanted) throws IOException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      Packet packet =
          receive(deadline)
              .orElseThrow(
                  () ->
                      new IOException("no answer from the daemon in " + LIMIT.toSeconds() + " s"));
      if (kind.isInstance(packet) && wanted.test(kind.cast(packet))) {
        return kind.cast(packet);
      }
      if (packet instanceof ReqMessage message) {
        messages.add(message);
      }
    }
  }

  private Optional<Packet> receive(long deadline) throws IOException {
    while (true) {
      if (receivedCount >= 4) {
        int length = Bytes.of(received, 0, 4).getInt(0);
        if (length < 32) {
          throw new IOException("the daemon sent a packet of length " + length);
        }
        if (receivedCount >= length) {
          Bytes frame = Bytes.of(Arrays.copyOf(received, length));
          System.arraycopy(received, length, received, 0, receivedCount - length);
          receivedCount -= length;
          return Optional.of(PacketCodec.decode(frame));
        }
        if (length > received.length) {
          received = Arrays.copyOf(received, length);
        }
      }
      int count =
          channel.read(ByteBuffer.wrap(received, receivedCount, received.length - receivedCount));
      if (count < 0) {
        throw new EOFException("the daemon closed the connection");
      }
      receivedCount += count;
      if (count == 0) {
        long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0) {
          return Optional.empty();
        }
        selector.select(leftMillis);
        selector.selectedKeys().clear();
      }
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
