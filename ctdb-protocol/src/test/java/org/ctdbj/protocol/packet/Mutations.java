// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import java.util.Arrays;
import java.util.Random;
import org.ctdbj.protocol.Bytes;

/** Damages bytes as a broken or hostile sender would. */
public final class Mutations {
  private static final int[] EXTREMES = {
    0,
    1,
    2,
    0x7F,
    0xFF,
    0x100,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0x80000001,
    0xFFFFFFF0,
    0xFFFFFFFF
  };

  private Mutations() {}

  /** A damaged copy. */
  public static Bytes damage(Bytes bytes, Random random) {
    byte[] array = bytes.toByteArray();
    switch (random.nextInt(6)) {
      case 0 -> array = Arrays.copyOf(array, random.nextInt(array.length + 1));
      case 1 -> array = Arrays.copyOf(array, array.length + 1 + random.nextInt(40));
      case 2 -> random.nextBytes(array);
      default -> flipOrOverwrite(array, random);
    }
    return Bytes.of(array);
  }

  private static void flipOrOverwrite(byte[] array, Random random) {
    if (array.length == 0) {
      return;
    }
    // Most lengths and counts are near the beginning.
    int range = random.nextBoolean() ? Math.min(array.length, 64) : array.length;
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(range);
      if (random.nextBoolean()) {
        array[at] ^= (byte) (1 << random.nextInt(8));
      } else {
        int value = EXTREMES[random.nextInt(EXTREMES.length)];
        at &= ~3;
        for (int k = at; k < Math.min(at + 4, array.length); k++) {
          array[k] = (byte) value;
          value >>>= 8;
        }
      }
    }
  }
}
