// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * The databases of a node.
 *
 * @param entries the database that was attached last comes first
 */
public record DatabaseMap(List<Entry> entries) {
  private static final int ENTRY_SIZE = 8;

  /** Keeps its own copy of the list. */
  public DatabaseMap {
    entries = List.copyOf(entries);
  }

  /**
   * One database.
   *
   * @param id hash of its name
   * @param flags {@link org.ctdbj.protocol.DatabaseFlags}
   */
  public record Entry(int id, int flags) {}

  /** Reads it. */
  public static DatabaseMap decode(Bytes bytes) {
    var reader = new ByteReader("dbid_map", bytes);
    int count = reader.getCount("number", ENTRY_SIZE);
    List<Entry> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      entries.add(new Entry(reader.getInt("db_id"), reader.getByte("flags")));
      reader.skip(3);
    }
    return new DatabaseMap(entries);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(4 + ENTRY_SIZE * entries.size()).putInt(entries.size());
    for (Entry entry : entries) {
      writer.putInt(entry.id()).putByte(entry.flags()).putZeros(3);
    }
    return writer.toBytes();
  }
}
