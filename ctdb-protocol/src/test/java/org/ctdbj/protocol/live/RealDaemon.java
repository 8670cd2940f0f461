// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.live;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqMessage;

/** A ctdbd of Samba as the only node of a cluster in a private directory, and a client of it. */
final class RealDaemon {
  static final Path PROGRAM = Path.of("/usr/sbin/ctdbd");

  /** One of its own for each run, so that runs at the same time do not meet. */
  static final String ADDRESS =
      "127."
          + (64 + ProcessHandle.current().pid() % 180)
          + "."
          + (1 + System.nanoTime() % 250)
          + ".41";

  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);

  private final Path base;
  private final SocketChannel socket;
  private final Queue<Packet> messages = new ArrayDeque<>();
  private int lastReqid;

  private RealDaemon(Path base, SocketChannel socket) {
    this.base = base;
    this.socket = socket;
  }

  static RealDaemon start(Path base) throws IOException, InterruptedException {
    for (String name :
        List.of("run", "var", "share", "events/legacy", "volatile", "persistent", "state")) {
      Files.createDirectories(base.resolve(name));
    }
    Files.writeString(base.resolve("nodes"), ADDRESS + "\n");
    Files.writeString(
        base.resolve("public_addresses"), "10.77.0.1/24 lo\nfd77::1/64 lo\n10.77.0.2/24 lo\n");
    Files.writeString(
        base.resolve("ctdb.conf"),
        """
        [logging]
        \tlocation = file:%1$s/log.ctdb
        [cluster]
        \tnode address = %2$s
        [database]
        \tvolatile database directory = %1$s/volatile
        \tpersistent database directory = %1$s/persistent
        \tstate database directory = %1$s/state
        [legacy]
        \trealtime scheduling = false
        """
            .formatted(base, ADDRESS));
    run(base, PROGRAM.toString());
    return new RealDaemon(base, connect(base));
  }

  /** The daemon's command returns before its background process has made the socket. */
  private static SocketChannel connect(Path base) throws IOException {
    var address = UnixDomainSocketAddress.of(base.resolve("run/ctdbd.socket"));
    long deadline = System.nanoTime() + CONNECT_LIMIT.toNanos();
    while (true) {
      SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        socket.connect(address);
        return socket;
      } catch (IOException e) {
        socket.close();
        if (System.nanoTime() > deadline) {
          throw new IOException(
              "ctdbd does not serve " + address + ": " + Files.readString(base.resolve("log.ctdb")),
              e);
        }
        LockSupport.parkNanos(5_000_000);
      }
    }
  }

  private static void run(Path base, String... command) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command);
    builder.environment().put("CTDB_TEST_MODE", "yes");
    builder.environment().put("CTDB_BASE", base.toString());
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectErrorStream(true);
    builder.redirectOutput(base.resolve("command.log").toFile());
    int exit = builder.start().waitFor();
    if (exit != 0) {
      throw new IOException(
          String.join(" ", command)
              + ": exit code "
              + exit
              + ": "
              + Files.readString(base.resolve("command.log")));
    }
  }

  /** Sends a control to the daemon and waits for the reply. */
  ReplyControl control(int opcode, long srvid, int flags, Bytes body) throws IOException {
    int reqid = ++lastReqid;
    var header = new Header(0, Pnn.CURRENT_NODE, 0, reqid);
    send(new ReqControl(header, opcode, srvid, 0, flags, body));
    while (true) {
      Packet packet = receive();
      if (packet instanceof ReplyControl reply && reply.header().reqid() == reqid) {
        return reply;
      }
      messages.add(packet);
    }
  }

  ReplyControl control(Control control, Bytes body) throws IOException {
    return control(control.number(), 0, 0, body);
  }

  /** The body of the reply, which must have status 0. */
  Bytes ask(Control control, Bytes body) throws IOException {
    ReplyControl reply = control(control, body);
    if (reply.status() != 0) {
      throw new IOException(control + ": status " + reply.status() + " " + reply.error());
    }
    return reply.data();
  }

  void send(Packet packet) throws IOException {
    ByteBuffer out =
        ByteBuffer.wrap(PacketCodec.encode(packet, PacketCodec.Padding.NONE).toByteArray());
    while (out.hasRemaining()) {
      socket.write(out);
    }
  }

  /** The next message. */
  ReqMessage message() throws IOException {
    while (true) {
      Packet packet = messages.isEmpty() ? receive() : messages.remove();
      if (packet instanceof ReqMessage message) {
        return message;
      }
    }
  }

  /** The next packet. */
  Packet receive() throws IOException {
    byte[] length = new byte[4];
    fill(ByteBuffer.wrap(length));
    byte[] frame = new byte[PacketCodec.frameLength(Bytes.of(length))];
    System.arraycopy(length, 0, frame, 0, length.length);
    fill(ByteBuffer.wrap(frame, length.length, frame.length - length.length));
    return PacketCodec.decode(Bytes.of(frame));
  }

  private void fill(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (socket.read(buffer) < 0) {
        throw new EOFException(
            "the daemon has closed the connection; its log: "
                + Files.readString(base.resolve("log.ctdb")));
      }
    }
  }

  /** Stops the daemon: the command returns when the daemon has let go of everything. */
  void stop() throws IOException, InterruptedException {
    socket.close();
    run(base, "ctdb", "shutdown");
  }
}
