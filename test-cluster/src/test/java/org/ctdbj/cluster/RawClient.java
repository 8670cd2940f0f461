// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.PacketCodec;

/** A client that sends any bytes it likes and reads only when it is told to. */
final class RawClient implements AutoCloseable {
  /** Magic number of every packet. */
  static final int MAGIC = 0x43544442;

  /** Bytes of a header. */
  static final int HEADER = 32;

  private final SocketChannel channel;

  RawClient(Path socket) throws IOException {
    channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  /** Sends bytes; waits until the daemon has taken them. */
  void send(Bytes bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes.toByteArray());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  void send(Packet packet) throws IOException {
    send(encode(packet));
  }

  /** A packet as it goes over the socket. */
  static Bytes encode(Packet packet) {
    return PacketCodec.encode(packet, PacketCodec.Padding.NONE);
  }

  /** A frame with any header fields and the bytes of a body. */
  static Bytes frame(int length, int magic, int version, int operation, byte[] body) {
    byte[] frame = new byte[HEADER + body.length];
    var fields = ByteBuffer.wrap(frame).order(java.nio.ByteOrder.nativeOrder());
    fields.putInt(length).putInt(magic).putInt(version).putInt(0).putInt(operation);
    System.arraycopy(body, 0, frame, HEADER, body.length);
    return Bytes.of(frame);
  }

  /** Reads so many frames, waiting for each. */
  void readFrames(int count) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(4).order(java.nio.ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      read(header.clear());
      read(ByteBuffer.allocate(header.getInt(0) - 4));
    }
  }

  private void read(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new java.io.EOFException("the daemon closed the connection");
      }
    }
  }

  /** Reads until the daemon closes the connection; returns the number of bytes. */
  long readToEnd() {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    long total = 0;
    try {
      while (true) {
        int count = channel.read(buffer.clear());
        if (count < 0) {
          return total;
        }
        total += count;
      }
    } catch (IOException reset) {
      return total; // a connection with unread input ends with a reset
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
