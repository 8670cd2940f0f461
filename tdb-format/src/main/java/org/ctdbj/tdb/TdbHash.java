// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The two hash functions of TDB files. Results are unsigned 32-bit numbers in an int. */
public final class TdbHash {
  private static final VarHandle LITTLE_ENDIAN_INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private TdbHash() {}

  /** The hash a file uses: {@link #jenkins} or {@link #old}. */
  @FunctionalInterface
  interface Function {
    int of(byte[] bytes, int offset, int length);
  }

  /**
   * The default hash of libtdb, derived from gdbm's.
   *
   * @throws IndexOutOfBoundsException if the range is not inside the array
   */
  public static int old(byte[] bytes, int offset, int length) {
    java.util.Objects.checkFromIndexSize(offset, length, bytes.length);
    int value = 0x238F13AF * length;
    int shift = 0;
    for (int i = 0; i < length; i++) {
      value += (bytes[offset + i] & 0xFF) << shift;
      shift += shift < 19 ? 5 : -19;
    }
    return 1103515243 * value + 12345;
  }

  /**
   * Bob Jenkins' lookup3 {@code hashlittle} with initial value 0, the same on every machine. CTDB
   * finds a key's location master with it and derives database ids from it.
   *
   * @throws IndexOutOfBoundsException if the range is not inside the array
   */
  public static int jenkins(byte[] bytes, int offset, int length) {
    java.util.Objects.checkFromIndexSize(offset, length, bytes.length);
    int a = 0xDEADBEEF + length;
    int b = a;
    int c = a;
    int at = offset;
    int end = offset + length;
    // In this form: the compiler would divide by 12 to count the steps of a simpler loop.
    while (end - at > 12) {
      a += (int) LITTLE_ENDIAN_INT.get(bytes, at);
      b += (int) LITTLE_ENDIAN_INT.get(bytes, at + 4);
      c += (int) LITTLE_ENDIAN_INT.get(bytes, at + 8);
      a = (a - c) ^ Integer.rotateLeft(c, 4);
      c += b;
      b = (b - a) ^ Integer.rotateLeft(a, 6);
      a += c;
      c = (c - b) ^ Integer.rotateLeft(b, 8);
      b += a;
      a = (a - c) ^ Integer.rotateLeft(c, 16);
      c += b;
      b = (b - a) ^ Integer.rotateLeft(a, 19);
      a += c;
      c = (c - b) ^ Integer.rotateLeft(b, 4);
      b += a;
      at += 12;
    }
    int left = end - at;
    if (left == 0) {
      return c;
    }
    a += word(bytes, at, left);
    b += word(bytes, at + 4, left - 4);
    c += word(bytes, at + 8, left - 8);
    c = (c ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }

  /** Up to four bytes as a little-endian word, missing bytes zero. */
  private static int word(byte[] bytes, int at, int left) {
    if (left >= 4) {
      return (int) LITTLE_ENDIAN_INT.get(bytes, at);
    }
    int value = 0;
    for (int i = left - 1; i >= 0; i--) {
      value = (value << 8) | (bytes[at + i] & 0xFF);
    }
    return value;
  }
}
