// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.config.NodesFile;
import org.ctdbj.daemon.node.NodeNetwork;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.recovery.door.EventLog;

/**
 * The TCP links to all other nodes. A node that calls is recognised by its source address alone;
 * who is not in the list of nodes, or is connected already, is closed at once.
 */
public final class NodeLinks implements NodeNetwork {
  private static final int BACKLOG = 10;

  private final NodeLoop loop;
  private final EventLog log;
  private final EventLog strangers;
  private final EventLog doubles;
  private final InetAddress ownAddress;
  private final int port;
  private final Channel server;
  private final Map<Integer, PeerLink> links = new HashMap<>();
  private LinkEvents events;
  private int ownPnn = -1;

  private NodeLinks(NodeLoop loop, EventLog log, InetAddress ownAddress, int port)
      throws IOException {
    this.loop = loop;
    this.log = log;
    this.strangers = new SparingLog(log, System::nanoTime, "connections of strangers");
    this.doubles = new SparingLog(log, System::nanoTime, "second connections of nodes");
    this.ownAddress = ownAddress;
    this.port = port;
    var bootstrap =
        new ServerBootstrap()
            .group(loop.group())
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
            .childHandler(
                new ChannelInitializer<EpollSocketChannel>() {
                  @Override
                  protected void initChannel(EpollSocketChannel channel) {
                    admit(channel);
                  }
                });
    var bound = bootstrap.bind(new InetSocketAddress(ownAddress, port)).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(
          "cannot listen on "
              + ownAddress.getHostAddress()
              + " port "
              + port
              + ": "
              + bound.cause().getMessage(),
          bound.cause());
    }
    server = bound.channel();
  }

  /**
   * Listens on the first address that belongs to this host and is free; nothing is accepted before
   * {@link #start}. Not on the node thread.
   *
   * @param candidates addresses to try, in order; not empty
   * @throws IOException if none can be had; the message tells about each
   */
  public static NodeLinks listen(
      NodeLoop loop, List<InetAddress> candidates, int port, EventLog log) throws IOException {
    var failures = new StringBuilder();
    for (InetAddress candidate : candidates) {
      try {
        return new NodeLinks(loop, log, candidate, port);
      } catch (IOException e) {
        failures.append(failures.isEmpty() ? "" : "; ").append(e.getMessage());
      }
    }
    throw new IOException(failures.toString());
  }

  /** The address that is listened on, which is the node's own. */
  public InetAddress ownAddress() {
    return ownAddress;
  }

  /** Starts to accept and to connect. Node thread. */
  public void start(LinkEvents linkEvents, int pnn, List<NodesFile.Entry> nodes) {
    events = linkEvents;
    ownPnn = pnn;
    reload(nodes);
    server.config().setAutoRead(true);
  }

  /**
   * Follows a new list: links to nodes that have the same number and address stay, others end or
   * begin. Node thread.
   */
  public void reload(List<NodesFile.Entry> nodes) {
    Map<Integer, InetAddress> wanted = new HashMap<>();
    for (NodesFile.Entry node : nodes) {
      if (!node.deleted() && node.pnn() != ownPnn) {
        wanted.put(node.pnn(), node.address());
      }
    }
    for (PeerLink link : List.copyOf(links.values())) {
      if (!link.address().equals(wanted.get(link.pnn()))) {
        links.remove(link.pnn());
        if (link.close()) {
          loop.eventLoop().execute(() -> loop.guarded(() -> events.linkDown(link.pnn())));
        }
      }
    }
    wanted.forEach(
        (pnn, address) ->
            links.computeIfAbsent(
                pnn,
                number -> {
                  var link = new PeerLink(number, address, port, ownAddress, loop, events, log);
                  link.connect();
                  return link;
                }));
  }

  private void admit(EpollSocketChannel channel) {
    InetAddress source =
        channel.remoteAddress() == null ? null : channel.remoteAddress().getAddress();
    for (PeerLink link : links.values()) {
      if (link.address().equals(source)) {
        if (!link.accept(channel)) {
          doubles.notice("second connection from node " + link.pnn() + " closed");
          var _ = channel.close();
        }
        return;
      }
    }
    strangers.notice("connection from " + source + ", which is no node: closed");
    var _ = channel.close();
  }

  @Override
  public void send(int pnn, Packet packet) {
    PeerLink link = links.get(pnn);
    if (link != null) {
      link.send(packet);
    }
  }

  /** {@inheritDoc} {@link LinkEvents#linkDown} is not called: the caller knows. */
  @Override
  public void restart(int pnn) {
    PeerLink link = links.get(pnn);
    if (link != null) {
      link.restart();
    }
  }

  /** Closes the port and all links; no event follows. Not on the node thread. */
  public void close() {
    server.close().awaitUninterruptibly();
    loop.call(
        () -> {
          links.values().forEach(PeerLink::close);
          links.clear();
        });
  }
}
