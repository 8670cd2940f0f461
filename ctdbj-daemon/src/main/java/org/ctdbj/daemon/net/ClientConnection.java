// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import org.ctdbj.daemon.node.ClientPort;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.FrameException;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.recovery.door.EventLog;

/**
 * One local client. A frame that makes no sense is ignored, as in ctdbd 4.17, and said once per
 * client; a length below 4 closes the connection. Node thread.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter
    implements ClientPort, FrameAssembler.Sink {
  private final NodeLoop loop;
  private final EpollDomainSocketChannel channel;
  private final int peerPid;
  private final ClientEvents events;
  private final EventLog log;
  private final EventLog complaints;
  private final Outbox outbox;
  private final FrameAssembler assembler;
  private int clientId;
  private boolean complained;

  ClientConnection(
      NodeLoop loop,
      EpollDomainSocketChannel channel,
      int peerPid,
      ClientEvents events,
      EventLog log,
      EventLog complaints) {
    this.loop = loop;
    this.channel = channel;
    this.peerPid = peerPid;
    this.events = events;
    this.log = log;
    this.complaints = complaints;
    this.assembler = new FrameAssembler(this, loop.memory());
    this.outbox = new Outbox(loop, channel, this::doesNotRead);
  }

  @Override
  public void send(Packet packet) {
    if (!channel.isOpen()) {
      return;
    }
    outbox.add(PacketCodec.encode(packet, PacketCodec.Padding.TO_CLIENT));
  }

  private void doesNotRead(long bytes) {
    log.error(
        ("client %d (pid %d) does not read: %d bytes wait for it, the most of all clients, and the"
                + " %d bytes for that are used up; closing its connection")
            .formatted(clientId, peerPid, bytes, loop.memory().limitBytes()));
    close();
  }

  @Override
  public void tooLarge(int length) {
    log.error(
        ("client %d (pid %d) has sent a part of a packet of %d bytes, and the %d bytes for"
                + " unfinished packets are used up; closing its connection")
            .formatted(clientId, peerPid, length, loop.memory().limitBytes()));
    close();
  }

  @Override
  public int queuedPackets() {
    return outbox.packets();
  }

  @Override
  public void close() {
    outbox.discard();
    loop.eventLoop().execute(this::closeChannel); // closing reports back to the caller
  }

  private void closeChannel() {
    var _ = channel.close();
  }

  @Override
  public int peerPid() {
    return peerPid;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    loop.input(() -> clientId = events.clientConnected(this));
    if (clientId == 0) {
      var _ = channel.close(); // the core failed to take it
    }
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
    if (length >= FrameAssembler.PREFIX && length <= FrameAssembler.MAX_LENGTH) {
      return true;
    }
    complaints.warning(
        "client %d (pid %d) sent a packet of length %d; closing its connection"
            .formatted(clientId, peerPid, length));
    var _ = channel.close();
    return false;
  }

  @Override
  public boolean frame(Bytes frame) {
    Packet packet;
    try {
      packet = PacketCodec.decode(frame);
    } catch (FrameException e) {
      if (!complained) {
        complained = true;
        complaints.warning(
            "client %d (pid %d): packet ignored: %s (said once per client)"
                .formatted(clientId, peerPid, e.getMessage()));
      }
      return true;
    }
    loop.guarded(() -> events.clientPacket(clientId, packet));
    return channel.isOpen();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (channel.isWritable()) {
      outbox.flush();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    outbox.discard();
    assembler.release();
    if (clientId != 0) {
      loop.guarded(() -> events.clientGone(clientId));
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    complaints.info("client " + clientId + " (pid " + peerPid + "): " + cause);
    var _ = channel.close();
  }
}
