// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.ctdbj.daemon.node.ClientPort;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReqMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ClientSocketTest {
  private static final Header HEADER = new Header(1, 0, 0, 7);

  /** Echoes messages and keeps what happened. */
  private static final class Echo implements ClientEvents {
    final BlockingQueue<String> happened = new LinkedBlockingQueue<>();
    final BlockingQueue<ClientPort> ports = new LinkedBlockingQueue<>();
    private final java.util.Map<Integer, ClientPort> byId = new java.util.HashMap<>();
    private int next = 1;

    @Override
    public int clientConnected(ClientPort port) {
      byId.put(next, port);
      ports.add(port);
      happened.add("connected " + next);
      return next++;
    }

    @Override
    public void clientPacket(int clientId, Packet packet) {
      var message = (ReqMessage) packet;
      happened.add("packet " + message.srvid());
      byId.get(clientId).send(packet);
    }

    @Override
    public void clientGone(int clientId) {
      byId.remove(clientId);
      happened.add("gone " + clientId);
    }
  }

  @TempDir Path directory;
  private final RecordingLog log = new RecordingLog();
  private final Echo echo = new Echo();
  private NodeLoop loop;
  private ClientListener listener;
  private Path socket;

  @BeforeEach
  void listen() throws IOException {
    socket = directory.resolve("s");
    loop = new NodeLoop("node", log, failure -> log.error(failure.toString()));
    listener = new ClientListener(loop, socket, log);
  }

  @AfterEach
  void close() {
    listener.stopListening();
    listener.disconnectClients();
    loop.close();
    assertFalse(Files.exists(socket));
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  private static Bytes message(long srvid, int size) {
    return PacketCodec.encode(
        new ReqMessage(HEADER, srvid, Bytes.of(new byte[size])), PacketCodec.Padding.NONE);
  }

  private static void write(SocketChannel channel, Bytes bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes.toByteArray());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static byte[] read(SocketChannel channel, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("after " + buffer.position() + " of " + count + " bytes");
      }
    }
    return buffer.array();
  }

  private static ReqMessage readMessage(SocketChannel channel) throws IOException {
    byte[] prefix = read(channel, 4);
    int length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getInt();
    assertEquals(0, length % 8);
    byte[] frame = java.util.Arrays.copyOf(prefix, length);
    System.arraycopy(read(channel, length - 4), 0, frame, 4, length - 4);
    return (ReqMessage) PacketCodec.decode(Bytes.of(frame));
  }

  private String next() throws InterruptedException {
    return echo.happened.poll(20, TimeUnit.SECONDS);
  }

  private static Bytes header(int length, int magic, int version, int operation) {
    ByteBuffer b =
        ByteBuffer.allocate(Math.max(4, Math.min(length, 64))).order(ByteOrder.LITTLE_ENDIAN);
    int[] fields = {length, magic, version, 1, operation, 0, 0, 0};
    for (int i = 0; i < 8 && b.remaining() >= 4; i++) {
      b.putInt(fields[i]);
    }
    return Bytes.of(b.array());
  }

  @Test
  void clientsWaitUntilTheyAreAccepted() throws Exception {
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    try (SocketChannel client = connect()) {
      write(client, message(5, 3));
      assertNull(echo.happened.poll());
      listener.accept(echo);
      assertEquals("connected 1", next());
      assertEquals("packet 5", next());
      assertEquals(5, readMessage(client).srvid());
      assertEquals((int) ProcessHandle.current().pid(), echo.ports.take().peerPid());
    }
    assertEquals("gone 1", next());
  }

  @Test
  void nonsenseIsIgnoredAndTheConnectionStays() throws Exception {
    listener.accept(echo);
    try (SocketChannel client = connect()) {
      assertEquals("connected 1", next());
      write(client, header(4, 0, 0, 0));
      write(client, header(31, 0x43544442, 1, 5));
      write(client, header(60, 0x12345678, 1, 5));
      write(client, header(60, 0x43544442, 2, 5));
      write(client, header(60, 0x43544442, 1, 99));
      write(client, message(6, 0));
      assertEquals("packet 6", next());
      assertEquals(6, readMessage(client).srvid());
      assertEquals(1, log.lines.stream().filter(line -> line.contains("packet ignored")).count());
    }
  }

  @Test
  void aLengthThatCannotBeClosesTheConnection() throws Exception {
    listener.accept(echo);
    for (int length : new int[] {0, 1, 3, -1, Integer.MIN_VALUE}) {
      try (SocketChannel client = connect()) {
        assertTrue(next().startsWith("connected"));
        write(client, Bytes.ofInt(length));
        assertEquals(-1, client.read(ByteBuffer.allocate(1)), "length " + length);
        assertTrue(next().startsWith("gone"));
      }
    }
  }

  @Test
  void anAnnouncedLengthCostsNoMemory() throws Exception {
    listener.accept(echo);
    // 64 such frames of almost 2 GiB would not fit into any test's heap if they were believed.
    var clients = new java.util.ArrayList<SocketChannel>();
    for (int i = 0; i < 64; i++) {
      SocketChannel client = connect();
      clients.add(client);
      assertTrue(next().startsWith("connected"));
      write(client, header(Integer.MAX_VALUE - 64, 0x43544442, 1, 5));
    }
    try (SocketChannel client = connect()) {
      assertTrue(next().startsWith("connected"));
      write(client, message(8, 1));
      assertEquals("packet 8", next());
      assertEquals(8, readMessage(client).srvid());
    }
    for (SocketChannel client : clients) {
      client.close();
    }
    assertFalse(log.contains("OutOfMemory"), log.lines.toString());
  }

  @Test
  void framesArriveInAnyPieces() throws Exception {
    listener.accept(echo);
    long seed = System.nanoTime();
    var random = new Random(seed);
    var stream = new java.io.ByteArrayOutputStream();
    for (int i = 0; i < 50; i++) {
      stream.write(message(i, random.nextInt(100_000)).toByteArray());
    }
    byte[] all = stream.toByteArray();
    try (SocketChannel client = connect()) {
      assertEquals("connected 1", next());
      var reader =
          new java.util.concurrent.FutureTask<Void>(
              () -> {
                for (int i = 0; i < 50; i++) {
                  assertEquals(i, readMessage(client).srvid(), "seed " + seed);
                }
                return null;
              });
      Thread thread = Thread.ofPlatform().start(reader);
      for (int at = 0; at < all.length; ) {
        int count = Math.min(all.length - at, 1 + random.nextInt(30_000));
        write(client, Bytes.of(all, at, count));
        at += count;
      }
      reader.get(30, TimeUnit.SECONDS);
      thread.join();
    }
  }

  @Test
  void clientsMayDieAtAnyByte() throws Exception {
    listener.accept(echo);
    Bytes frame = message(9, 4);
    for (int count = 0; count <= frame.length(); count++) {
      try (SocketChannel client = connect()) {
        write(client, frame.slice(0, count));
      }
      assertTrue(next().startsWith("connected"));
      String event = next();
      if (count == frame.length()) {
        assertEquals("packet 9", event);
        event = next();
      }
      assertTrue(event.startsWith("gone"), "after " + count + " bytes: " + event);
    }
  }

  @Test
  void aClientThatDoesNotReadHoldsUpNobody() throws Exception {
    listener.accept(echo);
    int packets = 2000;
    try (SocketChannel deaf = connect();
        SocketChannel other = connect()) {
      next();
      next();
      ClientPort port = echo.ports.take();
      loop.call(
          () -> {
            for (int i = 0; i < packets; i++) {
              port.send(new ReqMessage(HEADER, i, Bytes.of(new byte[1000])));
            }
            assertEquals(packets, port.queuedPackets());
          });
      write(other, message(3, 1));
      assertEquals("packet 3", next());
      assertEquals(3, readMessage(other).srvid());
      for (int i = 0; i < packets; i++) {
        assertEquals(i, readMessage(deaf).srvid());
      }
      loop.call(() -> assertEquals(0, port.queuedPackets()));
    }
  }

  @Test
  void aSecondListenerIsRefusedAndAStaleSocketReplaced() throws Exception {
    var e = assertThrows(IOException.class, () -> new ClientListener(loop, socket, log));
    assertTrue(e.getMessage().contains("another program listens"), e.getMessage());
    listener.stopListening();
    try (var stale =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(socket));
    }
    assertTrue(Files.exists(socket));
    listener = new ClientListener(loop, socket, log);
    listener.accept(echo);
    try (SocketChannel client = connect()) {
      assertTrue(client.isConnected());
      assertEquals("connected 1", next());
    }
  }

  @Test
  void aPortThatIsClosedReportsItsEnd() throws Exception {
    listener.accept(echo);
    try (SocketChannel client = connect()) {
      assertEquals("connected 1", next());
      ClientPort port = echo.ports.take();
      loop.call(port::close);
      assertEquals(-1, client.read(ByteBuffer.allocate(1)));
      assertEquals("gone 1", next());
      loop.call(() -> port.send(new ReqMessage(HEADER, 1, Bytes.EMPTY)));
    }
  }
}
