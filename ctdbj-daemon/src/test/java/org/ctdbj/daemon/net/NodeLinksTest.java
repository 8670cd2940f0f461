// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.ctdbj.daemon.config.NodesFile;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReqMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Links between two nodes of this process, 127.9.0.1 and 127.9.0.2, and between the first and a
 * peer made of sockets.
 */
@Timeout(60)
class NodeLinksTest {
  private static final InetAddress FIRST = InetAddress.ofLiteral("127.9.0.1");
  private static final InetAddress SECOND = InetAddress.ofLiteral("127.9.0.2");
  private static final InetAddress STRANGER = InetAddress.ofLiteral("127.9.0.3");
  private static final List<NodesFile.Entry> NODES =
      List.of(new NodesFile.Entry(0, FIRST, false), new NodesFile.Entry(1, SECOND, false));
  private static final int SHORT_MILLIS = 200;

  private static final class Events implements LinkEvents {
    final BlockingQueue<String> happened = new LinkedBlockingQueue<>();

    @Override
    public void nodePacket(Packet packet) {
      happened.add("packet " + ((ReqMessage) packet).srvid());
    }

    @Override
    public void linkUp(int pnn) {
      happened.add("up " + pnn);
    }

    @Override
    public void linkDown(int pnn) {
      happened.add("down " + pnn);
    }

    String next() throws InterruptedException {
      return happened.poll(20, TimeUnit.SECONDS);
    }
  }

  private final RecordingLog log = new RecordingLog();
  private final Events events = new Events();
  private final int port = freePort();
  private NodeLoop loop;
  private NodeLinks links;

  private static int freePort() {
    try (var probe = new ServerSocket(0, 1, FIRST)) {
      return probe.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeEach
  void open() throws IOException {
    loop = new NodeLoop("node 0", log, failure -> log.error(failure.toString()));
    links = NodeLinks.listen(loop, List.of(FIRST), port, log);
  }

  @AfterEach
  void close() {
    links.close();
    loop.close();
  }

  private static ReqMessage message(long srvid) {
    return new ReqMessage(new Header(1, 0, 1, 0), srvid, Bytes.ofText("data"));
  }

  private void start() {
    loop.call(() -> links.start(events, 0, NODES));
  }

  /** The second node, made of plain sockets. */
  private final class Peer implements AutoCloseable {
    final ServerSocket server = new ServerSocket();
    Socket accepted;
    Socket opened;

    Peer() throws IOException {
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(SECOND, port));
    }

    void join() throws IOException {
      accepted = server.accept();
      opened = dial(SECOND);
    }

    void send(byte[] bytes) throws IOException {
      opened.getOutputStream().write(bytes);
    }

    @Override
    public void close() throws IOException {
      server.close();
      if (accepted != null) {
        accepted.close();
      }
      if (opened != null) {
        opened.close();
      }
    }
  }

  private Socket dial(InetAddress from) throws IOException {
    return new Socket(FIRST, port, from, 0);
  }

  private static byte[] frame(Packet packet) {
    return PacketCodec.encode(packet, PacketCodec.Padding.TO_NODE).toByteArray();
  }

  private static void assertEnds(Socket socket) throws IOException {
    socket.setSoTimeout(20_000);
    try {
      assertEquals(-1, socket.getInputStream().read());
    } catch (java.net.SocketException reset) {
      assertNotNull(reset.getMessage()); // closed with unread data: as good as an end
    }
  }

  @Test
  void twoNodesTalk() throws Exception {
    var otherEvents = new Events();
    try (var otherLoop = new NodeLoop("node 1", log, failure -> log.error(failure.toString()))) {
      NodeLinks other = NodeLinks.listen(otherLoop, List.of(SECOND), port, log);
      start();
      otherLoop.call(() -> other.start(otherEvents, 1, NODES));
      assertEquals("up 1", events.next());
      assertEquals("up 0", otherEvents.next());
      loop.call(
          () -> {
            for (int i = 0; i < 1000; i++) {
              links.send(1, message(i).withHeader(new Header(1, 1, 0, 0)));
            }
          });
      for (int i = 0; i < 1000; i++) {
        assertEquals("packet " + i, otherEvents.next());
      }
      otherLoop.call(() -> other.restart(0));
      assertEquals("down 1", events.next());
      assertEquals("up 1", events.next());
      assertEquals("up 0", otherEvents.next());
      otherLoop.call(() -> other.send(0, message(77)));
      assertEquals("packet 77", events.next());
      other.close();
      assertEquals("down 1", events.next());
    }
  }

  @Test
  void nothingIsEverWrittenToAnAcceptedConnection() throws Exception {
    try (var peer = new Peer()) {
      start();
      peer.join();
      assertEquals("up 1", events.next());
      assertEquals(SECOND, peer.opened.getLocalAddress());
      assertEquals(FIRST, peer.accepted.getInetAddress());
      peer.send(frame(message(3)));
      assertEquals("packet 3", events.next());
      loop.call(() -> links.send(1, message(4)));
      byte[] expected = frame(message(4));
      assertEquals(
          Bytes.of(expected), Bytes.of(peer.accepted.getInputStream().readNBytes(expected.length)));
      peer.opened.setSoTimeout(SHORT_MILLIS);
      assertThrows(SocketTimeoutException.class, () -> peer.opened.getInputStream().read());
    }
  }

  @Test
  void strangersAndSecondConnectionsAreClosed() throws Exception {
    try (var peer = new Peer()) {
      start();
      peer.join();
      assertEquals("up 1", events.next());
      try (Socket stranger = dial(STRANGER);
          Socket second = dial(SECOND)) {
        assertEnds(stranger);
        assertEnds(second);
      }
      peer.send(frame(message(5)));
      assertEquals("packet 5", events.next());
    }
  }

  private void assertDead(ThrowingConsumer misbehave) throws Exception {
    try (var peer = new Peer()) {
      start();
      peer.join();
      assertEquals("up 1", events.next());
      misbehave.accept(peer);
      assertEquals("down 1", events.next());
      assertEnds(peer.opened);
      assertEnds(peer.accepted);
      peer.join();
      assertEquals("up 1", events.next());
    }
  }

  @FunctionalInterface
  private interface ThrowingConsumer {
    void accept(Peer peer) throws IOException;
  }

  private static byte[] words(int... words) {
    ByteBuffer buffer = ByteBuffer.allocate(words.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : words) {
      buffer.putInt(word);
    }
    return buffer.array();
  }

  @Test
  void dataOnTheOutgoingConnectionMeansDead() throws Exception {
    assertDead(peer -> peer.accepted.getOutputStream().write(1));
  }

  @Test
  void endOfTheOutgoingConnectionMeansDead() throws Exception {
    assertDead(peer -> peer.accepted.shutdownOutput());
  }

  @Test
  void endOfTheIncomingConnectionMeansDead() throws Exception {
    assertDead(peer -> peer.opened.shutdownOutput());
  }

  @Test
  void framingErrorsMeanDead() throws Exception {
    for (byte[] bad :
        List.of(
            words(0),
            words(24),
            words(44),
            words(-8),
            words(32, 0x12345678, 1, 1, 5, 0, 1, 0),
            words(32, 0x43544442, 2, 1, 5, 0, 1, 0))) {
      assertDead(peer -> peer.send(bad));
      loop.call(() -> links.reload(List.of(NODES.getFirst())));
      String event = events.happened.poll(SHORT_MILLIS, TimeUnit.MILLISECONDS);
      assertTrue(event == null || event.equals("down 1"), event);
    }
  }

  @Test
  void unknownOperationsAndBrokenBodiesAreOnlyIgnored() throws Exception {
    try (var peer = new Peer()) {
      start();
      peer.join();
      assertEquals("up 1", events.next());
      peer.send(words(32, 0x43544442, 1, 1, 99, 0, 1, 0));
      peer.send(words(48, 0x43544442, 1, 1, 5, 0, 1, 0, 0, 0, 1_000_000, 0));
      peer.send(frame(message(6)));
      assertEquals("packet 6", events.next());
    }
  }

  @Test
  void reloadKeepsWhatIsUnchangedAndEndsWhatIsGone() throws Exception {
    try (var peer = new Peer()) {
      start();
      peer.join();
      assertEquals("up 1", events.next());
      loop.call(() -> links.reload(NODES));
      peer.send(frame(message(7)));
      assertEquals("packet 7", events.next());
      loop.call(
          () ->
              links.reload(
                  List.of(NODES.getFirst(), new NodesFile.Entry(1, NodesFile.NO_ADDRESS, true))));
      assertEquals("down 1", events.next());
      assertEnds(peer.opened);
      try (Socket again = dial(SECOND)) {
        assertEnds(again);
      }
    }
  }

  @Test
  void theOwnAddressIsTheFirstThatCanBeHad() throws Exception {
    var foreign = InetAddress.ofLiteral("192.0.2.1");
    NodeLinks second = NodeLinks.listen(loop, List.of(foreign, FIRST, SECOND), port, log);
    assertEquals(SECOND, second.ownAddress());
    second.close();
    var e =
        assertThrows(
            IOException.class, () -> NodeLinks.listen(loop, List.of(foreign, FIRST), port, log));
    assertTrue(
        e.getMessage().contains("192.0.2.1") && e.getMessage().contains("127.9.0.1"),
        e.getMessage());
  }
}
