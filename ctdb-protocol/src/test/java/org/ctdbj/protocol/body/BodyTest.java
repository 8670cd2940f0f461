// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.packet.Measured;
import org.ctdbj.protocol.packet.Mutations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every kind of body. */
class BodyTest {
  private static final long SEED = 20260417L;

  /** Objects that a decoded body is made of take more room than its bytes, but not much more. */
  private static final int ALLOCATION_PER_BYTE = 16;

  private static final Map<String, Integer> FIXED_SIZES =
      Map.ofEntries(
          Map.entry("sock_addr", 28),
          Map.entry("traverse_start", 16),
          Map.entry("traverse_start_ext", 24),
          Map.entry("traverse_all", 24),
          Map.entry("traverse_all_ext", 32),
          Map.entry("ltdb header", 24),
          Map.entry("pulldb_ext", 16),
          Map.entry("transdb", 8),
          Map.entry("tunable_list", 248),
          Map.entry("node_flag_change", 12),
          Map.entry("ban_state", 8),
          Map.entry("uptime", 64),
          Map.entry("pid_srvid", 12),
          Map.entry("db_vacuum", 5),
          Map.entry("election", 32),
          Map.entry("srvid_message", 16),
          Map.entry("disable_message", 24),
          Map.entry("latency", 32),
          Map.entry("statistics", 488),
          Map.entry("statistics_list", 48808),
          Map.entry("public_ip", 32),
          Map.entry("iface", 24),
          Map.entry("connection", 56));

  static List<BodyCase<?>> cases() {
    return BodyCases.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  <T> void isReadBackAsItWasWritten(BodyCase<T> body) {
    var random = new Random(SEED);
    for (int round = 0; round < 200; round++) {
      T value = body.example().apply(random);
      Bytes bytes = body.encoder().apply(value);
      String context = body + ", seed " + SEED + ", round " + round;

      assertEquals(value, body.decoder().apply(bytes), context);
      assertEquals(value.hashCode(), body.decoder().apply(bytes).hashCode(), context);
      assertEquals(value, body.decoder().apply(inTheMiddle(bytes)), context);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void hasItsSize(BodyCase<?> body) {
    Integer expected = FIXED_SIZES.get(body.name());
    var random = new Random(SEED);
    for (int round = 0; round < 20; round++) {
      Bytes bytes = body.encodedExample(random);
      if (expected != null) {
        assertEquals(expected, bytes.length());
      }
      assertEquals(bytes.length(), bytes.array().length, "room for exactly as many bytes");
    }
  }

  @Test
  void everyFixedSizeIsChecked() {
    assertTrue(cases().stream().map(BodyCase::name).toList().containsAll(FIXED_SIZES.keySet()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sizeConstantIsTheSize(BodyCase<?> body) throws IllegalAccessException {
    Object example = body.example().apply(new Random(SEED));
    for (Field field : example.getClass().getDeclaredFields()) {
      if (field.getName().equals("SIZE")) {
        assertEquals(FIXED_SIZES.get(body.name()), field.getInt(null));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void truncatedIsRefused(BodyCase<?> body) {
    var random = new Random(SEED);
    Bytes bytes = body.encodedExample(random);
    int step = Math.max(1, bytes.length() / 500);
    for (int length = 0; length < bytes.length(); length += step) {
      Bytes shorter = bytes.slice(0, length);
      assertThrows(
          ProtocolException.class,
          () -> body.decoder().apply(shorter),
          () -> body + " of " + shorter.length() + " instead of " + bytes.length() + " bytes");
    }
  }

  /** Whatever comes in: it is refused in the one way, or it is a body that can be sent on. */
  @ParameterizedTest
  @MethodSource("cases")
  void damagedIsRefusedOrIsABody(BodyCase<?> body) {
    var random = new Random(SEED);
    Bytes template = body.encodedExample(random);
    int rounds = template.length() > 10_000 ? 300 : 3000;
    for (int round = 0; round < rounds; round++) {
      if (round % 50 == 0) {
        template = body.encodedExample(random);
      }
      Bytes damaged = Mutations.damage(template, random);
      try {
        Bytes once = body.rewritten(damaged);
        assertEquals(once, body.rewritten(once), () -> body + ": " + damaged.hex());
      } catch (ProtocolException refused) {
        assertTrue(refused.getMessage().length() > 10, refused.getMessage());
      } catch (RuntimeException e) {
        throw new AssertionError(
            body + ", seed " + SEED + ", round " + round + ": " + damaged.hex(), e);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void damagedDoesNotCostMoreThanItsBytes(BodyCase<?> body) {
    var random = new Random(SEED);
    Bytes template = body.encodedExample(random);
    for (int round = 0; round < 300; round++) {
      Bytes damaged = Mutations.damage(template, random);
      Measured.assertBounded(
          body + ": " + damaged,
          Measured.CONSTANT + (long) ALLOCATION_PER_BYTE * damaged.length(),
          () -> body.decoder().apply(damaged));
    }
  }

  private static Bytes inTheMiddle(Bytes bytes) {
    byte[] larger = new byte[bytes.length() + 10];
    bytes.copyTo(larger, 3);
    return Bytes.of(larger, 3, bytes.length());
  }
}
