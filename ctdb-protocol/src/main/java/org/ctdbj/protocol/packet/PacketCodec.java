// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import java.nio.charset.StandardCharsets;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Operation;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.ProtocolVersion;

/**
 * Turns frames into packets and back. A frame begins with its own length, which counts everything
 * up to the end of the padding; what belongs to the packet is told by the lengths inside.
 */
public final class PacketCodec {
  /** Bytes of the header that all packets have. */
  public static final int HEADER_SIZE = 32;

  private static final int LENGTH_FIELD = 4;
  private static final int ALIGNMENT = 8;

  private PacketCodec() {}

  /** How a frame is filled up at its end. */
  public enum Padding {
    /** Not at all, as smbd does. */
    NONE,
    /**
     * As a daemon does towards its clients: to the size of the C structure, then to a multiple of
     * 8.
     */
    TO_CLIENT,
    /** As a daemon does towards other nodes; as {@link #TO_CLIENT}. */
    TO_NODE
  }

  /**
   * The length of a frame, from its first four bytes; for framers, which have to know it before
   * they have the frame. There is no upper limit in the protocol: ctdbd 4.17 takes any length.
   *
   * <p>On a client's socket any length is fine. Below {@link #HEADER_SIZE} ctdbd 4.17 takes so many
   * bytes off the stream, logs that and goes on. Between nodes {@link #checkNodeLength} must hold.
   *
   * @throws FrameException if the number cannot be the length of a frame that contains it: the end
   *     of the frame cannot be found, so the connection has to be closed
   */
  public static int frameLength(Bytes firstFour) {
    int length = firstFour.getInt(0);
    if (length < LENGTH_FIELD) {
      throw new FrameException(
          FrameException.Reason.LENGTH,
          "length field is "
              + Integer.toUnsignedString(length)
              + ", expected "
              + LENGTH_FIELD
              + " to "
              + Integer.MAX_VALUE);
    }
    return length;
  }

  /**
   * Checks the length of a frame from another node: at least a header, and a multiple of 8.
   *
   * @throws FrameException if it is not: the node counts as dead, and its connections have to be
   *     closed
   */
  public static void checkNodeLength(int length) {
    if (length < HEADER_SIZE || length % ALIGNMENT != 0) {
      throw new FrameException(
          FrameException.Reason.LENGTH,
          "length field is "
              + Integer.toUnsignedString(length)
              + ", expected at least "
              + HEADER_SIZE
              + " and a multiple of "
              + ALIGNMENT);
    }
  }

  /**
   * Reads one frame. Byte fields of the packet are views of it.
   *
   * @throws FrameException if it is not one; tells what is wrong with it
   */
  public static Packet decode(Bytes frame) {
    if (frame.length() < HEADER_SIZE) {
      throw new FrameException(
          FrameException.Reason.LENGTH,
          "expected at least " + HEADER_SIZE + " bytes, found " + frame.length());
    }
    if (frame.getInt(0) != frame.length()) {
      throw new FrameException(
          FrameException.Reason.LENGTH,
          "length field is "
              + Integer.toUnsignedString(frame.getInt(0))
              + ", the frame has "
              + frame.length()
              + " bytes");
    }
    if (frame.getInt(4) != ProtocolVersion.MAGIC) {
      throw new FrameException(
          FrameException.Reason.MAGIC,
          "expected magic number 0x43544442, found 0x" + Integer.toHexString(frame.getInt(4)));
    }
    if (frame.getInt(8) != ProtocolVersion.PACKET) {
      throw new FrameException(
          FrameException.Reason.VERSION,
          "expected protocol version 1, found " + Integer.toUnsignedString(frame.getInt(8)));
    }
    var header = new Header(frame.getInt(12), frame.getInt(20), frame.getInt(24), frame.getInt(28));
    Operation operation = Operation.of(frame.getInt(16));
    if (operation == null) {
      throw new FrameException(
          FrameException.Reason.OPERATION,
          "unknown operation " + Integer.toUnsignedString(frame.getInt(16)));
    }
    var body = new ByteReader(operation.name(), frame.from(HEADER_SIZE));
    try {
      return switch (operation) {
        case REQ_CALL -> reqCall(header, body);
        case REPLY_CALL -> replyCall(header, body);
        case REQ_DMASTER -> reqDmaster(header, body);
        case REPLY_DMASTER -> replyDmaster(header, body);
        case REPLY_ERROR -> replyError(header, body);
        case REQ_MESSAGE -> reqMessage(header, body);
        case REQ_CONTROL -> reqControl(header, body);
        case REPLY_CONTROL -> replyControl(header, body);
        case REQ_KEEPALIVE -> reqKeepalive(header, body);
        case REQ_TUNNEL -> reqTunnel(header, body);
      };
    } catch (ProtocolException e) {
      throw new FrameException(FrameException.Reason.BODY, e.getMessage());
    }
  }

  private static ReqCall reqCall(Header header, ByteReader body) {
    int flags = body.getInt("flags");
    int databaseId = body.getInt("db_id");
    int callId = body.getInt("callid");
    int hopCount = body.getInt("hopcount");
    int keyLength = body.getInt("keylen");
    int dataLength = body.getInt("calldatalen");
    return new ReqCall(
        header,
        flags,
        databaseId,
        callId,
        hopCount,
        body.getBytes("key", keyLength),
        body.getBytes("calldata", dataLength));
  }

  private static ReplyCall replyCall(Header header, ByteReader body) {
    int status = body.getInt("status");
    return new ReplyCall(header, status, body.getBytes("data", body.getInt("datalen")));
  }

  private static ReqDmaster reqDmaster(Header header, ByteReader body) {
    int databaseId = body.getInt("db_id");
    body.skip(4);
    long rsn = body.getLong("rsn");
    int dmaster = body.getInt("dmaster");
    int keyLength = body.getInt("keylen");
    int dataLength = body.getInt("datalen");
    Bytes key = body.getBytes("key", keyLength);
    Bytes data = body.getBytes("data", dataLength);
    return new ReqDmaster(header, databaseId, rsn, dmaster, key, data, recordFlags(body));
  }

  private static ReplyDmaster replyDmaster(Header header, ByteReader body) {
    int databaseId = body.getInt("db_id");
    body.skip(4);
    long rsn = body.getLong("rsn");
    int keyLength = body.getInt("keylen");
    int dataLength = body.getInt("datalen");
    Bytes key = body.getBytes("key", keyLength);
    Bytes data = body.getBytes("data", dataLength);
    return new ReplyDmaster(header, databaseId, rsn, key, data, recordFlags(body));
  }

  /** Very old peers do not send them. */
  private static int recordFlags(ByteReader body) {
    return body.remaining() >= 4 ? body.getInt("record flags") : 0;
  }

  private static ReplyError replyError(Header header, ByteReader body) {
    int status = body.getInt("status");
    return new ReplyError(header, status, body.getBytes("message", body.getInt("msglen")).text());
  }

  private static ReqMessage reqMessage(Header header, ByteReader body) {
    long srvid = body.getLong("srvid");
    return new ReqMessage(header, srvid, body.getBytes("data", body.getInt("datalen")));
  }

  private static ReqControl reqControl(Header header, ByteReader body) {
    int opcode = body.getInt("opcode");
    body.skip(4);
    long srvid = body.getLong("srvid");
    int clientId = body.getInt("client_id");
    int flags = body.getInt("flags");
    return new ReqControl(
        header, opcode, srvid, clientId, flags, body.getBytes("data", body.getInt("datalen")));
  }

  private static ReplyControl replyControl(Header header, ByteReader body) {
    int status = body.getInt("status");
    int dataLength = body.getInt("datalen");
    int errorLength = body.getInt("errorlen");
    Bytes data = body.getBytes("data", dataLength);
    return new ReplyControl(header, status, data, body.getBytes("error", errorLength).text());
  }

  /** A packet of the header alone comes from a version that is too old to work with. */
  private static ReqKeepalive reqKeepalive(Header header, ByteReader body) {
    return body.remaining() == 0
        ? new ReqKeepalive(header, 0, 0)
        : new ReqKeepalive(header, body.getInt("version"), body.getInt("uptime"));
  }

  private static ReqTunnel reqTunnel(Header header, ByteReader body) {
    long tunnelId = body.getLong("tunnel_id");
    int flags = body.getInt("flags");
    return new ReqTunnel(header, tunnelId, flags, body.getBytes("data", body.getInt("datalen")));
  }

  /** The frame of a packet, length field included. */
  public static Bytes encode(Packet packet, Padding padding) {
    return switch (packet) {
      case ReqCall p ->
          finish(
              begin(p, Operation.REQ_CALL, 24 + p.key().length() + p.data().length())
                  .putInt(p.flags())
                  .putInt(p.databaseId())
                  .putInt(p.callId())
                  .putInt(p.hopCount())
                  .putInt(p.key().length())
                  .putInt(p.data().length())
                  .put(p.key())
                  .put(p.data()),
              padding,
              64);
      case ReplyCall p ->
          finish(
              begin(p, Operation.REPLY_CALL, 8 + p.data().length())
                  .putInt(p.status())
                  .putInt(p.data().length())
                  .put(p.data()),
              padding,
              48);
      case ReqDmaster p ->
          finish(
              begin(p, Operation.REQ_DMASTER, 32 + p.key().length() + p.data().length())
                  .putInt(p.databaseId())
                  .putInt(0)
                  .putLong(p.rsn())
                  .putInt(p.dmaster())
                  .putInt(p.key().length())
                  .putInt(p.data().length())
                  .put(p.key())
                  .put(p.data())
                  .putInt(p.recordFlags()),
              padding,
              64);
      case ReplyDmaster p ->
          finish(
              begin(p, Operation.REPLY_DMASTER, 28 + p.key().length() + p.data().length())
                  .putInt(p.databaseId())
                  .putInt(0)
                  .putLong(p.rsn())
                  .putInt(p.key().length())
                  .putInt(p.data().length())
                  .put(p.key())
                  .put(p.data())
                  .putInt(p.recordFlags()),
              padding,
              64);
      case ReplyError p -> {
        Bytes message = Bytes.ofTerminated(p.message());
        yield finish(
            begin(p, Operation.REPLY_ERROR, 8 + message.length())
                .putInt(p.status())
                .putInt(message.length())
                .put(message),
            padding,
            48);
      }
      case ReqMessage p ->
          finish(
              begin(p, Operation.REQ_MESSAGE, 12 + p.data().length())
                  .putLong(p.srvid())
                  .putInt(p.data().length())
                  .put(p.data()),
              padding,
              48);
      case ReqControl p ->
          finish(
              begin(p, Operation.REQ_CONTROL, 28 + p.data().length())
                  .putInt(p.opcode())
                  .putInt(0)
                  .putLong(p.srvid())
                  .putInt(p.clientId())
                  .putInt(p.flags())
                  .putInt(p.data().length())
                  .put(p.data()),
              padding,
              64);
      case ReplyControl p -> {
        Bytes error = Bytes.of(p.error().getBytes(StandardCharsets.UTF_8));
        yield finish(
            begin(p, Operation.REPLY_CONTROL, 12 + p.data().length() + error.length())
                .putInt(p.status())
                .putInt(p.data().length())
                .putInt(error.length())
                .put(p.data())
                .put(error),
            padding,
            48);
      }
      case ReqKeepalive p ->
          finish(
              begin(p, Operation.REQ_KEEPALIVE, 8).putInt(p.version()).putInt(p.uptimeSeconds()),
              padding,
              40);
      case ReqTunnel p ->
          finish(
              begin(p, Operation.REQ_TUNNEL, 16 + p.data().length())
                  .putLong(p.tunnelId())
                  .putInt(p.flags())
                  .putInt(p.data().length())
                  .put(p.data()),
              padding,
              56);
    };
  }

  private static ByteWriter begin(Packet packet, Operation operation, int bodySize) {
    Header header = packet.header();
    return new ByteWriter(HEADER_SIZE + bodySize + ALIGNMENT)
        .putInt(0)
        .putInt(ProtocolVersion.MAGIC)
        .putInt(ProtocolVersion.PACKET)
        .putInt(header.generation())
        .putInt(operation.number())
        .putInt(header.destination())
        .putInt(header.source())
        .putInt(header.reqid());
  }

  private static Bytes finish(ByteWriter writer, Padding padding, int structureSize) {
    if (padding != Padding.NONE) {
      int size = Math.max(structureSize, Math.addExact(writer.size(), ALIGNMENT - 1) & -ALIGNMENT);
      writer.putZeros(size - writer.size());
    }
    return writer.setInt(0, writer.size()).toBytes();
  }
}
