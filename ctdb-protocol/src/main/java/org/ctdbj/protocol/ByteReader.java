// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/**
 * Reads the fields of a body one after the other, integers in little-endian order. Every read is
 * checked against what is left; the {@link ProtocolException} of a failed one names body and field.
 */
public final class ByteReader {
  private final String what;
  private final Bytes bytes;
  private int at;

  /** A reader at the beginning of a body, which has a name for messages. */
  public ByteReader(String what, Bytes bytes) {
    this.what = what;
    this.bytes = bytes;
  }

  /** Bytes not read yet. */
  public int remaining() {
    return bytes.length() - at;
  }

  /** One byte, unsigned. */
  public int getByte(String field) {
    need(field, 1);
    return bytes.get(at++) & 0xFF;
  }

  /** Two bytes, unsigned. */
  public int getShort(String field) {
    need(field, 2);
    at += 2;
    return bytes.getUnsignedShort(at - 2);
  }

  /** Four bytes. */
  public int getInt(String field) {
    need(field, 4);
    at += 4;
    return bytes.getInt(at - 4);
  }

  /** Eight bytes. */
  public long getLong(String field) {
    need(field, 8);
    at += 8;
    return bytes.getLong(at - 8);
  }

  /** Eight bytes as a double. */
  public double getDouble(String field) {
    return Double.longBitsToDouble(getLong(field));
  }

  /** A view of so many bytes; the count comes from the other side and may be any number. */
  public Bytes getBytes(String field, int count) {
    need(field, count);
    at += count;
    return bytes.slice(at - count, count);
  }

  /** Skips padding. */
  public void skip(int count) {
    need("padding", count);
    at += count;
  }

  /**
   * A number of elements that must fit into what is left.
   *
   * @param elementSize least bytes of one element
   */
  public int getCount(String field, int elementSize) {
    return getCount(field, elementSize, Integer.MAX_VALUE);
  }

  /**
   * A number of elements that must fit into what is left, and not be greater than the protocol
   * allows.
   *
   * @param elementSize least bytes of one element
   */
  public int getCount(String field, int elementSize, int maximum) {
    int count = getInt(field);
    if (count < 0 || count > remaining() / elementSize) {
      throw new ProtocolException(
          what
              + ": "
              + field
              + " is "
              + Integer.toUnsignedString(count)
              + ", but only "
              + remaining()
              + " bytes follow, at least "
              + elementSize
              + " each");
    }
    if (count > maximum) {
      throw new ProtocolException(
          what + ": " + field + " is " + count + ", expected at most " + maximum);
    }
    return count;
  }

  /** Checks that everything has been read: for bodies whose size must be exact. */
  public void expectEnd() {
    if (remaining() > 0) {
      throw new ProtocolException(
          what + ": expected to end at byte " + at + ", found " + remaining() + " more bytes");
    }
  }

  private void need(String field, int count) {
    if (count < 0 || count > remaining()) {
      throw new ProtocolException(
          what
              + ": "
              + field
              + " at byte "
              + at
              + " needs "
              + Integer.toUnsignedString(count)
              + " bytes, found "
              + remaining());
    }
  }
}
