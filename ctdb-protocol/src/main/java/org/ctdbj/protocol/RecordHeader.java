// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/**
 * The header in front of every record's data, in files, pull and push buffers and controls: 24
 * bytes.
 *
 * @param rsn record sequence number, unsigned: the copy with the highest one is the newest
 * @param dmaster pnn of the data master
 * @param reserved kept as it was found; 0 in new headers
 * @param flags {@link RecordFlags}
 */
public record RecordHeader(long rsn, int dmaster, int reserved, int flags) {
  /** Bytes of an encoded header on every 64-bit machine: 20 and 4 of padding. */
  public static final int SIZE = 24;

  /** A header with the reserved word 0. */
  public RecordHeader(long rsn, int dmaster, int flags) {
    this(rsn, dmaster, 0, flags);
  }

  /**
   * Reads a header from the first 24 bytes.
   *
   * @throws ProtocolException if there are fewer
   */
  public static RecordHeader decode(Bytes bytes) {
    if (bytes.length() < SIZE) {
      throw new ProtocolException(
          "record header: expected at least " + SIZE + " bytes, found " + bytes.length());
    }
    return new RecordHeader(bytes.getLong(0), bytes.getInt(8), bytes.getInt(12), bytes.getInt(16));
  }

  /** The 24 bytes, padding zero. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    encode(writer);
    return writer.toBytes();
  }

  /** Appends the 24 bytes, padding zero. */
  public void encode(ByteWriter writer) {
    writer.putLong(rsn).putInt(dmaster).putInt(reserved).putInt(flags).putInt(0);
  }

  /** This header with another sequence number. */
  public RecordHeader withRsn(long newRsn) {
    return new RecordHeader(newRsn, dmaster, reserved, flags);
  }

  /** This header with another data master. */
  public RecordHeader withDmaster(int newDmaster) {
    return new RecordHeader(rsn, newDmaster, reserved, flags);
  }

  /** This header with other flags. */
  public RecordHeader withFlags(int newFlags) {
    return new RecordHeader(rsn, dmaster, reserved, newFlags);
  }

  /** Whether any of the given flags is set. */
  public boolean hasAny(int mask) {
    return (flags & mask) != 0;
  }
}
