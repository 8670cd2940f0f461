// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.recovery.door.EventLog;

/**
 * The Unix socket for local clients: mode 0700, and besides that each connecting process must
 * belong to root or to the daemon's own user. It listens as soon as it is made, so that clients
 * wait instead of being refused, and accepts from {@link #accept} on.
 */
public final class ClientListener {
  private static final int BACKLOG = 100;

  private final NodeLoop loop;
  private final EventLog log;
  private final EventLog complaints;
  private final Path path;
  private final int ownUid;
  private final Channel server;
  private final Set<Channel> clients = new HashSet<>();
  private volatile ClientEvents events;

  /**
   * Binds the socket. A file that is left over from an earlier daemon is replaced. Not on the node
   * thread.
   *
   * @throws IOException if another program answers on the socket, or it cannot be made; the message
   *     says which
   */
  public ClientListener(NodeLoop loop, Path path, EventLog log) throws IOException {
    this.loop = loop;
    this.log = log;
    this.complaints = new SparingLog(log, System::nanoTime, "what clients send");
    this.path = path;
    this.ownUid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    removeStale(path);
    var bootstrap =
        new ServerBootstrap()
            .group(loop.group())
            .channel(EpollServerDomainSocketChannel.class)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childHandler(
                new ChannelInitializer<EpollDomainSocketChannel>() {
                  @Override
                  protected void initChannel(EpollDomainSocketChannel channel) throws IOException {
                    admit(channel);
                  }
                });
    var bound = bootstrap.bind(new DomainSocketAddress(path.toFile())).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on the client socket " + path + ": " + bound.cause().getMessage(),
          bound.cause());
    }
    server = bound.channel();
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
  }

  private static void removeStale(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new IOException(
          "the client socket "
              + path
              + " cannot be made: a file of another kind is there; remove it");
    }
    try (var probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw new IOException(
          "another program listens on the client socket " + path + ": " + probe.getRemoteAddress());
    } catch (java.net.SocketException nobodyAnswers) {
      Files.delete(path);
    }
  }

  /** Starts to accept, also those who have connected meanwhile. */
  public void accept(ClientEvents clientEvents) {
    events = clientEvents;
    server.config().setAutoRead(true);
  }

  private void admit(EpollDomainSocketChannel channel) throws IOException {
    PeerCredentials peer = channel.peerCredentials();
    if (peer.uid() != 0 && peer.uid() != ownUid) {
      complaints.warning(
          "process %d of user %d may not use the client socket %s: closed"
              .formatted(peer.pid(), peer.uid(), path));
      var _ = channel.close();
      return;
    }
    clients.add(channel);
    channel.closeFuture().addListener(closed -> clients.remove(channel));
    channel
        .pipeline()
        .addLast(new ClientConnection(loop, channel, peer.pid(), events, log, complaints));
  }

  /** Stops to accept and removes the socket's file; connections stay. Not on the node thread. */
  public void stopListening() {
    server.close().awaitUninterruptibly();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.warning("cannot remove the client socket " + path + ": " + e.getMessage());
    }
  }

  /** Closes all connections. Not on the node thread. */
  public void disconnectClients() {
    loop.call(() -> List.copyOf(clients).forEach(ClientListener::close));
  }

  private static void close(Channel channel) {
    var _ = channel.close();
  }
}
