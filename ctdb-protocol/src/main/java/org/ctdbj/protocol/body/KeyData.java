// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;

/**
 * SCHEDULE_FOR_DELETION: a record has been emptied.
 *
 * @param databaseId hash of the database's name
 * @param header the record's header
 * @param key the record's key
 */
public record KeyData(int databaseId, RecordHeader header, Bytes key) {
  private static final int PREFIX = 36;

  /** Reads it from exactly as many bytes as it has: a control of another size is refused. */
  public static KeyData decode(Bytes bytes) {
    var reader = new ByteReader("key_data", bytes);
    int databaseId = reader.getInt("db_id");
    reader.skip(4);
    RecordHeader header = RecordHeader.decode(reader.getBytes("header", RecordHeader.SIZE));
    Bytes key = reader.getBytes("key", reader.getInt("keylen"));
    reader.expectEnd();
    return new KeyData(databaseId, header, key);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(PREFIX + key.length()).putInt(databaseId).putInt(0);
    header.encode(writer);
    return writer.putInt(key.length()).put(key).toBytes();
  }
}
