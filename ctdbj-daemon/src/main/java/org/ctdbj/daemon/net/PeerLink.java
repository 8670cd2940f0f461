// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.FrameException;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers;

/**
 * The two connections to one other node: packets leave on the one that this node has opened and
 * arrive on the one that it has accepted, never the other way round. The end of either, a byte on
 * the outgoing one, or a frame that is none, means that the node is dead: both are closed and a new
 * outgoing one is tried, at most once a second, for ever. Node thread.
 */
final class PeerLink {
  private static final int CONNECT_TIMEOUT_MILLIS = 1000;
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Lengths of frames between nodes are multiples of this. */
  private static final int ALIGNMENT = 8;

  private final int pnn;
  private final InetAddress address;
  private final int port;
  private final InetAddress ownAddress;
  private final NodeLoop loop;
  private final LinkEvents events;
  private final EventLog log;
  private final EventLog complaints;
  private Channel outgoing;
  private Channel connecting;
  private Outbox outbox;
  private Channel incoming;
  private boolean up;
  private boolean closed;
  private long lastAttemptNanos;
  private Timers.Timer retry;
  private String lastFailure = "";

  PeerLink(
      int pnn,
      InetAddress address,
      int port,
      InetAddress ownAddress,
      NodeLoop loop,
      LinkEvents events,
      EventLog log) {
    this.pnn = pnn;
    this.address = address;
    this.port = port;
    this.ownAddress = ownAddress;
    this.loop = loop;
    this.events = events;
    this.log = log;
    this.complaints = new SparingLog(log, System::nanoTime, "packets of node " + pnn);
    this.lastAttemptNanos = loop.timers().nowNanos() - RETRY_NANOS;
  }

  int pnn() {
    return pnn;
  }

  InetAddress address() {
    return address;
  }

  void connect() {
    lastAttemptNanos = loop.timers().nowNanos();
    var bootstrap =
        new Bootstrap()
            .group(loop.group())
            .channel(EpollSocketChannel.class)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .handler(
                new ChannelInitializer<EpollSocketChannel>() {
                  @Override
                  protected void initChannel(EpollSocketChannel channel) {
                    channel.pipeline().addLast(new Outgoing());
                  }
                });
    ChannelFuture attempt =
        bootstrap.connect(
            new InetSocketAddress(address, port), new InetSocketAddress(ownAddress, 0));
    connecting = attempt.channel();
    attempt.addListener(done -> loop.guarded(() -> connected(attempt)));
  }

  private void connected(ChannelFuture attempt) {
    if (!attempt.channel().equals(connecting)) {
      var _ = attempt.channel().close(); // given up meanwhile
      return;
    }
    connecting = null;
    if (!attempt.isSuccess()) {
      String failure = attempt.cause().getMessage();
      if (!failure.equals(lastFailure)) {
        lastFailure = failure;
        log.info("node " + pnn + " cannot be reached, trying every second: " + failure);
      }
      connectLater();
      return;
    }
    lastFailure = "";
    outgoing = attempt.channel();
    Channel channel = outgoing;
    outbox = new Outbox(loop, channel, bytes -> doesNotRead(channel, bytes));
    if (!outgoing.isActive()) {
      dead("it closed the connection at once");
      return;
    }
    reportUp();
  }

  private void connectLater() {
    if (closed || retry != null) {
      return;
    }
    long wait = Math.max(0, lastAttemptNanos + RETRY_NANOS - loop.timers().nowNanos());
    retry =
        loop.timers()
            .schedule(
                wait,
                () -> {
                  retry = null;
                  if (!closed && outgoing == null && connecting == null) {
                    connect();
                  }
                });
  }

  /** Takes a connection that came from this node's address; false if there is one already. */
  boolean accept(Channel channel) {
    if (closed || (incoming != null && incoming.isActive())) {
      return false;
    }
    incoming = channel;
    channel.pipeline().addLast(new Incoming());
    return true;
  }

  private void reportUp() {
    if (!up && outgoing != null && incoming != null) {
      up = true;
      log.notice("connected to node " + pnn);
      loop.guarded(() -> events.linkUp(pnn));
    }
  }

  void send(Packet packet) {
    if (outbox != null) {
      outbox.add(PacketCodec.encode(packet, PacketCodec.Padding.TO_NODE));
    }
  }

  private void doesNotRead(Channel channel, long bytes) {
    loop.eventLoop()
        .execute(
            () -> {
              if (channel.equals(outgoing)) {
                loop.guarded(() -> dead("it does not read: " + bytes + " bytes wait for it"));
              }
            });
  }

  private void dead(String reason) {
    boolean wasUp = up;
    closeConnections();
    if (closed) {
      return;
    }
    if (wasUp) {
      log.warning("link to node " + pnn + " is broken: " + reason);
      loop.guarded(() -> events.linkDown(pnn));
    } else {
      log.info("connection with node " + pnn + " closed: " + reason);
    }
    connectLater();
  }

  /** Closes both connections without a report, and tries anew. */
  void restart() {
    closeConnections();
    connectLater();
  }

  /** Closes both connections for good; returns whether the link was up. */
  boolean close() {
    boolean wasUp = up;
    closed = true;
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
    closeConnections();
    return wasUp;
  }

  private void closeConnections() {
    Channel[] channels = {outgoing, incoming, connecting};
    outgoing = null;
    incoming = null;
    connecting = null;
    up = false;
    if (outbox != null) {
      outbox.discard();
      outbox = null;
    }
    for (Channel channel : channels) {
      if (channel != null) {
        var _ = channel.close();
      }
    }
  }

  /** Watches the connection that this node has opened: nothing may arrive on it. */
  private final class Outgoing extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ((ByteBuf) message).release();
      ended(context, "data arrived on the connection that only this node writes to");
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      ended(context, "it closed the connection that this node had opened");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      ended(context, String.valueOf(cause.getMessage()));
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      if (context.channel().equals(outgoing) && context.channel().isWritable()) {
        outbox.flush();
      }
    }

    private void ended(ChannelHandlerContext context, String reason) {
      if (context.channel().equals(outgoing)) {
        loop.input(() -> dead(reason));
      }
      var _ = context.close();
    }
  }

  /** Reads the connection that the other node has opened. */
  private final class Incoming extends ChannelInboundHandlerAdapter implements FrameAssembler.Sink {
    private final FrameAssembler assembler = new FrameAssembler(this, loop.memory());
    private Channel channel;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      channel = context.channel();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      reportUp();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      var input = (ByteBuf) message;
      try {
        loop.input(() -> assembler.accept(input));
      } finally {
        input.release();
      }
    }

    @Override
    public boolean begins(long length) {
      if (length >= PacketCodec.HEADER_SIZE
          && length % ALIGNMENT == 0
          && length <= FrameAssembler.MAX_LENGTH) {
        return true;
      }
      ended("it sent a packet of length " + length + "; expected a multiple of 8, at least 32");
      return false;
    }

    @Override
    public boolean frame(Bytes frame) {
      Packet packet;
      try {
        packet = PacketCodec.decode(frame);
      } catch (FrameException e) {
        boolean framing =
            switch (e.reason()) {
              case LENGTH, MAGIC, VERSION -> true;
              case OPERATION, BODY -> false;
            };
        if (framing) {
          ended("it sent a packet that is none: " + e.getMessage());
          return false;
        }
        complaints.error("packet from node " + pnn + " ignored: " + e.getMessage());
        return true;
      }
      int source = packet.header().source();
      if (source != pnn && !(packet instanceof ReqCall call && call.hopCount() != 0)) {
        // Only calls are forwarded in the name of another node.
        complaints.error(
            "packet from node %d ignored: it says that it comes from node %s"
                .formatted(pnn, Integer.toUnsignedString(source)));
        return true;
      }
      loop.guarded(() -> events.nodePacket(packet));
      return channel.equals(incoming);
    }

    @Override
    public void tooLarge(int length) {
      loop.eventLoop()
          .execute(
              () ->
                  loop.guarded(
                      () ->
                          ended(
                              "there is no memory for the packet of "
                                  + length
                                  + " bytes that it is sending")));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      assembler.release();
      loop.input(() -> ended("it closed the connection that it had opened"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      loop.input(() -> ended(String.valueOf(cause.getMessage())));
    }

    private void ended(String reason) {
      if (channel.equals(incoming)) {
        dead(reason);
      }
      var _ = channel.close();
    }
  }
}
