// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;

/**
 * Many records of one database.
 *
 * @param databaseId hash of its name; in restored backups it may be anything
 * @param records one behind the other, not aligned
 */
public record RecordBuffer(int databaseId, List<RecordData> records) {
  /** Bytes in front of the records. */
  public static final int PREFIX = 8;

  /** Keeps its own copy of the list. */
  public RecordBuffer {
    records = List.copyOf(records);
  }

  /** Reads it. */
  public static RecordBuffer decode(Bytes bytes) {
    var reader = new ByteReader("rec_buffer", bytes);
    int databaseId = reader.getInt("db_id");
    int count = reader.getCount("count", RecordData.PREFIX);
    List<RecordData> records = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      records.add(RecordData.read(reader));
    }
    return new RecordBuffer(databaseId, records);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(size()).putInt(databaseId).putInt(records.size());
    records.forEach(record -> record.write(writer));
    return writer.toBytes();
  }

  /** Bytes of the encoded buffer. */
  public int size() {
    int size = PREFIX;
    for (RecordData record : records) {
      size = Math.addExact(size, record.size());
    }
    return size;
  }

  /** Collects records until a buffer is large enough to be sent. Used once, by one thread. */
  public static final class Builder {
    private final ByteWriter writer = new ByteWriter(1024);
    private int count;

    /** An empty buffer. */
    public Builder(int databaseId) {
      writer.putInt(databaseId).putInt(0);
    }

    /** Appends a record. */
    public Builder add(RecordData record) {
      record.write(writer);
      count++;
      return this;
    }

    /** Appends a record whose data begins with a header. */
    public Builder add(int reqid, Bytes key, RecordHeader header, Bytes data) {
      int dataLength = RecordHeader.SIZE + data.length();
      writer
          .putInt(RecordData.PREFIX + key.length() + dataLength)
          .putInt(reqid)
          .putInt(key.length())
          .putInt(dataLength)
          .put(key);
      header.encode(writer);
      writer.put(data);
      count++;
      return this;
    }

    /** Bytes so far. */
    public int size() {
      return writer.size();
    }

    /** Records so far. */
    public int count() {
      return count;
    }

    /** The bytes of the whole; the builder must not be used afterwards. */
    public Bytes build() {
      return writer.setInt(4, count).toBytes();
    }
  }
}
