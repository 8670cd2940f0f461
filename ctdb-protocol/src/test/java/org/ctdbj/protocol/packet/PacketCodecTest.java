// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Operation;
import org.ctdbj.protocol.packet.PacketCodec.Padding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Framing, padding, and what is done with frames that are none. */
class PacketCodecTest {
  private static final long SEED = 4379L;

  @ParameterizedTest
  @EnumSource
  void isReadBackAsItWasWritten(Padding padding) {
    var random = new Random(SEED);
    Set<Class<?>> seen = new HashSet<>();
    for (int round = 0; round < 3000; round++) {
      Packet packet = randomPacket(random);
      seen.add(packet.getClass());
      Bytes frame = PacketCodec.encode(packet, padding);

      assertEquals(packet, PacketCodec.decode(frame), "seed " + SEED + ", round " + round);
      assertEquals(frame.length(), PacketCodec.frameLength(frame.slice(0, 4)));
      if (padding != Padding.NONE) {
        assertDoesNotThrow(() -> PacketCodec.checkNodeLength(frame.length()));
      }
    }
    assertEquals(Set.of(Packet.class.getPermittedSubclasses()), seen);
  }

  @ParameterizedTest
  @CsvSource({
    "REQ_CALL, 64",
    "REPLY_CALL, 48",
    "REQ_DMASTER, 64",
    "REPLY_DMASTER, 64",
    "REPLY_ERROR, 48",
    "REQ_MESSAGE, 48",
    "REQ_CONTROL, 64",
    "REPLY_CONTROL, 48",
    "REQ_KEEPALIVE, 40",
    "REQ_TUNNEL, 56"
  })
  void emptyPacketsHaveTheSizeOfTheStructure(Operation operation, int size) {
    Packet packet = empty(operation);

    for (Padding padding : new Padding[] {Padding.TO_CLIENT, Padding.TO_NODE}) {
      Bytes frame = PacketCodec.encode(packet, padding);
      assertEquals(operation.number(), frame.getInt(16));
      assertEquals(size, frame.length());
      assertEquals(size, frame.getInt(0));
      assertEquals(packet, PacketCodec.decode(frame));
    }
  }

  @Test
  void aKeepaliveOfTheHeaderAloneHasVersionZero() {
    Bytes frame = header(Operation.REQ_KEEPALIVE, 32);

    var keepalive = assertInstanceOf(ReqKeepalive.class, PacketCodec.decode(frame));
    assertEquals(0, keepalive.version());
    assertEquals(0, keepalive.uptimeSeconds());
  }

  @ParameterizedTest
  @EnumSource(value = WireVector.class, names = "MIGRATION_TO_.*", mode = EnumSource.Mode.MATCH_ANY)
  void recordFlagsMayBeMissing(WireVector vector) {
    Bytes frame = vector.frame();
    int end =
        switch (PacketCodec.decode(frame)) {
          case ReqDmaster p -> 60 + p.key().length() + p.data().length();
          case ReplyDmaster p -> 56 + p.key().length() + p.data().length();
          default -> throw new AssertionError();
        };
    byte[] shorter = Arrays.copyOf(frame.toByteArray(), end);
    shorter[0] = (byte) end;

    switch (PacketCodec.decode(Bytes.of(shorter))) {
      case ReqDmaster p -> {
        assertEquals(0, p.recordFlags());
        assertEquals("val-A", p.data().text());
      }
      case ReplyDmaster p -> {
        assertEquals(0, p.recordFlags());
        assertEquals("val-D", p.data().text());
      }
      default -> throw new AssertionError();
    }
  }

  @Test
  void keysAndDataAreViews() {
    Bytes frame = WireVector.MIGRATION_TO_LMASTER.frame();
    var packet = assertInstanceOf(ReqDmaster.class, PacketCodec.decode(frame));

    assertSame(frame.array(), packet.key().array());
    assertSame(frame.array(), packet.data().array());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, -1, Integer.MIN_VALUE})
  void aLengthThatCannotBeOneIsRefused(int length) {
    assertReason(FrameException.Reason.LENGTH, () -> PacketCodec.frameLength(Bytes.ofInt(length)));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 31, 33, Integer.MAX_VALUE})
  void oddLengthsAreFineForClientsOnly(int length) {
    assertEquals(length, PacketCodec.frameLength(Bytes.ofInt(length)));
    assertReason(FrameException.Reason.LENGTH, () -> PacketCodec.checkNodeLength(length));
  }

  @Test
  void reasons() {
    Bytes good = WireVector.MIGRATION_CALL.frame();

    assertReason(FrameException.Reason.LENGTH, () -> PacketCodec.decode(good.slice(0, 31)));
    assertReason(FrameException.Reason.LENGTH, () -> PacketCodec.decode(good.slice(0, 56)));
    assertReason(FrameException.Reason.MAGIC, () -> PacketCodec.decode(with(good, 4, 0x43544443)));
    assertReason(FrameException.Reason.VERSION, () -> PacketCodec.decode(with(good, 8, 2)));
    assertReason(FrameException.Reason.OPERATION, () -> PacketCodec.decode(with(good, 16, 6)));
    assertReason(FrameException.Reason.OPERATION, () -> PacketCodec.decode(with(good, 16, 11)));
    assertReason(FrameException.Reason.BODY, () -> PacketCodec.decode(with(good, 48, 9)));
    assertReason(FrameException.Reason.BODY, () -> PacketCodec.decode(with(good, 52, -1)));
  }

  @ParameterizedTest
  @EnumSource
  void truncatedBodiesAreRefused(WireVector vector) {
    Bytes frame = PacketCodec.encode(PacketCodec.decode(vector.frame()), Padding.NONE);
    int recordFlags =
        switch (PacketCodec.decode(frame)) {
          case ReqDmaster _, ReplyDmaster _ -> 4;
          default -> 0;
        };
    for (int length = PacketCodec.HEADER_SIZE; length < frame.length() - recordFlags; length++) {
      if (length == PacketCodec.HEADER_SIZE && vector == WireVector.KEEPALIVE) {
        continue;
      }
      Bytes shorter = with(frame.slice(0, length), 0, length);
      assertReason(FrameException.Reason.BODY, () -> PacketCodec.decode(shorter));
    }
  }

  /** Whatever comes in: it is refused in the one way, or it is a packet that can be sent on. */
  @ParameterizedTest
  @EnumSource
  void damagedIsRefusedOrIsAPacket(WireVector vector) {
    var random = new Random(SEED + vector.name().hashCode());
    for (int round = 0; round < 2000; round++) {
      Bytes damaged = damagedBody(vector, random);
      String context = vector + ", round " + round + ": " + damaged.hex();
      try {
        Packet packet = PacketCodec.decode(damaged);
        Bytes again = PacketCodec.encode(packet, Padding.TO_NODE);
        assertEquals(packet, PacketCodec.decode(again), context);
      } catch (FrameException refused) {
        assertTrue(refused.getMessage().length() > 10, context);
      } catch (RuntimeException e) {
        throw new AssertionError(context, e);
      }
    }
  }

  /** A packet is views of its frame: only texts are copied. */
  @ParameterizedTest
  @EnumSource
  void damagedDoesNotCostMoreThanItsBytes(WireVector vector) {
    var random = new Random(SEED + vector.name().hashCode());
    for (int round = 0; round < 200; round++) {
      Bytes damaged = damagedBody(vector, random);
      Measured.assertBounded(
          vector + ": " + damaged.hex(),
          Measured.CONSTANT + 8L * damaged.length(),
          () -> PacketCodec.decode(damaged));
    }
  }

  /** Damaged behind the fixed words of the header, mostly with the right length. */
  private static Bytes damagedBody(WireVector vector, Random random) {
    Bytes frame = vector.frame();
    if (random.nextInt(10) == 0) {
      return Mutations.damage(frame, random);
    }
    Bytes body = Mutations.damage(frame.from(PacketCodec.HEADER_SIZE), random);
    byte[] all = new byte[PacketCodec.HEADER_SIZE + body.length()];
    frame.slice(0, PacketCodec.HEADER_SIZE).copyTo(all, 0);
    body.copyTo(all, PacketCodec.HEADER_SIZE);
    return with(Bytes.of(all), 0, all.length);
  }

  private static void assertReason(
      FrameException.Reason reason, org.junit.jupiter.api.function.Executable executable) {
    assertEquals(reason, assertThrows(FrameException.class, executable).reason());
  }

  private static Bytes with(Bytes frame, int at, int value) {
    byte[] array = frame.toByteArray();
    Bytes.ofInt(value).copyTo(array, at);
    return Bytes.of(array);
  }

  private static Bytes header(Operation operation, int length) {
    byte[] array = new byte[length];
    WireVector.KEEPALIVE.frame().slice(0, PacketCodec.HEADER_SIZE).copyTo(array, 0);
    return with(with(Bytes.of(array), 0, length), 16, operation.number());
  }

  private static Packet empty(Operation operation) {
    var header = new Header(1, 2, 3, 4);
    return switch (operation) {
      case REQ_CALL -> new ReqCall(header, 0, 0, 0, 0, Bytes.EMPTY, Bytes.EMPTY);
      case REPLY_CALL -> new ReplyCall(header, 0, Bytes.EMPTY);
      case REQ_DMASTER -> new ReqDmaster(header, 0, 0, 0, Bytes.EMPTY, Bytes.EMPTY, 0);
      case REPLY_DMASTER -> new ReplyDmaster(header, 0, 0, Bytes.EMPTY, Bytes.EMPTY, 0);
      case REPLY_ERROR -> new ReplyError(header, -1, "");
      case REQ_MESSAGE -> new ReqMessage(header, 0, Bytes.EMPTY);
      case REQ_CONTROL -> new ReqControl(header, Control.PING.number(), 0, 0, 0, Bytes.EMPTY);
      case REPLY_CONTROL -> new ReplyControl(header, 0, Bytes.EMPTY, "");
      case REQ_KEEPALIVE -> new ReqKeepalive(header, 0, 0);
      case REQ_TUNNEL -> new ReqTunnel(header, 0, 0, Bytes.EMPTY);
    };
  }

  private static Packet randomPacket(Random r) {
    var header = new Header(r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt());
    Operation[] operations = Operation.values();
    return switch (operations[r.nextInt(operations.length)]) {
      case REQ_CALL ->
          new ReqCall(
              header, r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt(), bytes(r), bytes(r));
      case REPLY_CALL -> new ReplyCall(header, r.nextInt(), bytes(r));
      case REQ_DMASTER ->
          new ReqDmaster(
              header, r.nextInt(), r.nextLong(), r.nextInt(), bytes(r), bytes(r), r.nextInt());
      case REPLY_DMASTER ->
          new ReplyDmaster(header, r.nextInt(), r.nextLong(), bytes(r), bytes(r), r.nextInt());
      case REPLY_ERROR -> new ReplyError(header, r.nextInt(), text(r));
      case REQ_MESSAGE -> new ReqMessage(header, r.nextLong(), bytes(r));
      case REQ_CONTROL ->
          new ReqControl(header, r.nextInt(), r.nextLong(), r.nextInt(), r.nextInt(), bytes(r));
      case REPLY_CONTROL -> new ReplyControl(header, r.nextInt(), bytes(r), text(r));
      case REQ_KEEPALIVE -> new ReqKeepalive(header, r.nextInt(), r.nextInt());
      case REQ_TUNNEL -> new ReqTunnel(header, r.nextLong(), r.nextInt(), bytes(r));
    };
  }

  private static Bytes bytes(Random random) {
    byte[] bytes = new byte[random.nextInt(70)];
    random.nextBytes(bytes);
    return Bytes.of(bytes);
  }

  private static String text(Random random) {
    var text = new StringBuilder();
    for (int i = random.nextInt(40); i > 0; i--) {
      text.append((char) ('a' + random.nextInt(26)));
    }
    return text.toString();
  }
}
