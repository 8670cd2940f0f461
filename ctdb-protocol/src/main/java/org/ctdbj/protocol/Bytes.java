// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * An immutable range of bytes: usually a view into the frame a packet arrived in, so that keys and
 * values travel through the daemon without being copied. Two ranges are equal when their contents
 * are.
 *
 * <p>Integers are read in little-endian order: CTDB sends the host order of the machine, and every
 * machine that this implementation runs on is little-endian.
 *
 * <p>The creator hands the array over and must not change it afterwards.
 */
public final class Bytes {
  /** No bytes. */
  public static final Bytes EMPTY = new Bytes(new byte[0], 0, 0);

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] array;
  private final int offset;
  private final int length;
  private int hash; // 0 = not computed yet; racy but idempotent, as in String

  private Bytes(byte[] array, int offset, int length) {
    this.array = array;
    this.offset = offset;
    this.length = length;
  }

  /** A view of the whole array, which the caller must not change any more. */
  public static Bytes of(byte[] array) {
    return array.length == 0 ? EMPTY : new Bytes(array, 0, array.length);
  }

  /**
   * A view of a part of the array, which the caller must not change any more.
   *
   * @throws IndexOutOfBoundsException if the range is not inside the array
   */
  public static Bytes of(byte[] array, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, array.length);
    return length == 0 ? EMPTY : new Bytes(array, offset, length);
  }

  /** The text in UTF-8 followed by one NUL byte: how CTDB sends names. */
  public static Bytes ofTerminated(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    return new Bytes(Arrays.copyOf(encoded, encoded.length + 1), 0, encoded.length + 1);
  }

  /** The text in UTF-8 without a terminator. */
  public static Bytes ofText(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Four bytes: the integer in little-endian order. */
  public static Bytes ofInt(int value) {
    byte[] bytes = new byte[4];
    INT.set(bytes, 0, value);
    return new Bytes(bytes, 0, 4);
  }

  /** Eight bytes: the integer in little-endian order. */
  public static Bytes ofLong(long value) {
    byte[] bytes = new byte[8];
    LONG.set(bytes, 0, value);
    return new Bytes(bytes, 0, 8);
  }

  /** Number of bytes. */
  public int length() {
    return length;
  }

  /** Whether there are no bytes. */
  public boolean isEmpty() {
    return length == 0;
  }

  /**
   * The byte at an index.
   *
   * @throws IndexOutOfBoundsException if there is none
   */
  public byte get(int index) {
    Objects.checkIndex(index, length);
    return array[offset + index];
  }

  /** The two bytes at an index as an unsigned little-endian integer; checked like {@link #get}. */
  public int getUnsignedShort(int index) {
    Objects.checkFromIndexSize(index, 2, length);
    return (short) SHORT.get(array, offset + index) & 0xFFFF;
  }

  /** The four bytes at an index as a little-endian integer; checked like {@link #get}. */
  public int getInt(int index) {
    Objects.checkFromIndexSize(index, 4, length);
    return (int) INT.get(array, offset + index);
  }

  /** The eight bytes at an index as a little-endian integer; checked like {@link #get}. */
  public long getLong(int index) {
    Objects.checkFromIndexSize(index, 8, length);
    return (long) LONG.get(array, offset + index);
  }

  /**
   * A view of a part; nothing is copied.
   *
   * @throws IndexOutOfBoundsException if the part is not inside this range
   */
  public Bytes slice(int from, int count) {
    Objects.checkFromIndexSize(from, count, length);
    return count == 0 ? EMPTY : new Bytes(array, offset + from, count);
  }

  /** The index of the first byte with a value; -1 if there is none. */
  public int indexOf(byte value) {
    for (int i = 0; i < length; i++) {
      if (array[offset + i] == value) {
        return i;
      }
    }
    return -1;
  }

  /** A view of everything from an index on; checked like {@link #slice}. */
  public Bytes from(int index) {
    return slice(index, length - index);
  }

  /** A copy of the bytes. */
  public byte[] toByteArray() {
    return Arrays.copyOfRange(array, offset, offset + length);
  }

  /**
   * These bytes in an array of their own, so that a long-lived holder does not keep a whole frame
   * alive.
   */
  public Bytes detached() {
    return array.length == length ? this : new Bytes(toByteArray(), 0, length);
  }

  /**
   * Copies all bytes into an array.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void copyTo(byte[] target, int targetOffset) {
    System.arraycopy(array, offset, target, targetOffset, length);
  }

  /**
   * The array behind this view. Read only; the bytes are at {@link #arrayOffset()}. For codecs and
   * stores.
   */
  public byte[] array() {
    return array;
  }

  /** Where in {@link #array()} these bytes begin. */
  public int arrayOffset() {
    return offset;
  }

  /**
   * The text up to the first NUL byte (or the end), decoded as UTF-8; malformed bytes become
   * replacement characters. For names and messages.
   */
  public String text() {
    int end = 0;
    while (end < length && array[offset + end] != 0) {
      end++;
    }
    return new String(array, offset, end, StandardCharsets.UTF_8);
  }

  /** The bytes in hexadecimal, lower case, without separators. */
  public String hex() {
    return HexFormat.of().formatHex(array, offset, offset + length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that
        && Arrays.equals(
            array, offset, offset + length, that.array, that.offset, that.offset + that.length);
  }

  @Override
  public int hashCode() {
    int h = hash;
    if (h == 0) {
      h = 1;
      for (int i = offset; i < offset + length; i++) {
        h = 31 * h + array[i];
      }
      hash = h;
    }
    return h;
  }

  /** Length and, for short ranges, contents in hexadecimal: for messages, not for parsing. */
  @Override
  public String toString() {
    return length <= 64 ? length + ":" + hex() : length + ":" + slice(0, 64).hex() + "...";
  }
}
