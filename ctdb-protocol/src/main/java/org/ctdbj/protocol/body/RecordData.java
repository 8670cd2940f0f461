// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;

/**
 * A record on its way: 16 bytes, then key and data without any padding.
 *
 * @param reqid number of a traverse; else 0
 * @param key the record's key
 * @param data the record's data; in nearly all uses it begins with the 24-byte header
 */
public record RecordData(int reqid, Bytes key, Bytes data) {
  /** Bytes in front of the key. */
  public static final int PREFIX = 16;

  /** Reads one record that takes up all of the bytes. */
  public static RecordData decode(Bytes bytes) {
    var reader = new ByteReader("rec_data", bytes);
    RecordData record = read(reader);
    if (reader.remaining() > 0) {
      throw new ProtocolException("rec_data: " + reader.remaining() + " bytes behind the record");
    }
    return record;
  }

  static RecordData read(ByteReader reader) {
    int before = reader.remaining();
    int length = reader.getInt("length");
    int reqid = reader.getInt("reqid");
    int keyLength = reader.getInt("keylen");
    int dataLength = reader.getInt("datalen");
    Bytes key = reader.getBytes("key", keyLength);
    Bytes data = reader.getBytes("data", dataLength);
    if (length != before - reader.remaining()) {
      throw new ProtocolException(
          "rec_data: length is "
              + Integer.toUnsignedString(length)
              + ", expected 16 + "
              + keyLength
              + " + "
              + dataLength);
    }
    return new RecordData(reqid, key, data);
  }

  /** Bytes of the encoded record. */
  public int size() {
    return PREFIX + key.length() + data.length();
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(size());
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    writer
        .putInt(size())
        .putInt(reqid)
        .putInt(key.length())
        .putInt(data.length())
        .put(key)
        .put(data);
  }
}
