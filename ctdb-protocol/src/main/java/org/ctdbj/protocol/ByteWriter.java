// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Collects bytes, integers in little-endian order. Grows as needed. Used by one thread, for one
 * value.
 */
public final class ByteWriter {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] array;
  private int size;

  /** With room for so many bytes before it has to grow. */
  public ByteWriter(int capacity) {
    array = new byte[capacity];
  }

  /** Bytes written so far. */
  public int size() {
    return size;
  }

  /** Appends one byte. */
  public ByteWriter putByte(int value) {
    room(1);
    array[size++] = (byte) value;
    return this;
  }

  /** Appends two bytes. */
  public ByteWriter putShort(int value) {
    room(2);
    SHORT.set(array, size, (short) value);
    size += 2;
    return this;
  }

  /** Appends four bytes. */
  public ByteWriter putInt(int value) {
    room(4);
    INT.set(array, size, value);
    size += 4;
    return this;
  }

  /** Appends eight bytes. */
  public ByteWriter putLong(long value) {
    room(8);
    LONG.set(array, size, value);
    size += 8;
    return this;
  }

  /** Appends the bits of a double. */
  public ByteWriter putDouble(double value) {
    return putLong(Double.doubleToRawLongBits(value));
  }

  /** Appends the bytes. */
  public ByteWriter put(Bytes bytes) {
    room(bytes.length());
    bytes.copyTo(array, size);
    size += bytes.length();
    return this;
  }

  /** Appends so many zero bytes. */
  public ByteWriter putZeros(int count) {
    room(count);
    size += count;
    return this;
  }

  /** Overwrites four bytes that were written before. */
  public ByteWriter setInt(int at, int value) {
    if (at < 0 || at + 4 > size) {
      throw new IndexOutOfBoundsException(at);
    }
    INT.set(array, at, value);
    return this;
  }

  /** What was written; this writer must not be used afterwards. */
  public Bytes toBytes() {
    return Bytes.of(array, 0, size);
  }

  private void room(int count) {
    if (count > array.length - size) {
      int wanted = Math.addExact(size, count);
      array =
          Arrays.copyOf(
              array,
              Math.max(
                  wanted, Math.max(64, (int) Math.min(array.length * 2L, Integer.MAX_VALUE - 8))));
    }
  }
}
