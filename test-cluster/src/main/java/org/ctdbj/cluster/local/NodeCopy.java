// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;

/** What one node's file of a database holds at a moment, read past the daemon. */
public final class NodeCopy {
  private final Map<String, Entry> records;

  private NodeCopy(Map<String, Entry> records) {
    this.records = records;
  }

  /**
   * One record.
   *
   * @param header as stored
   * @param value what follows the header
   */
  public record Entry(RecordHeader header, Bytes value) {}

  /**
   * Reads the file of a database that is attached at the node.
   *
   * @param name of the database
   */
  public static NodeCopy read(LocalNode node, String name) throws IOException {
    try (DaemonConnection connection = DaemonConnection.open(node)) {
      int id = databaseId(connection, name);
      Path path = Path.of(connection.control(Control.GETDBPATH, Bytes.ofInt(id)).data().text());
      int flags = connection.control(Control.DB_OPEN_FLAGS, Bytes.ofInt(id)).data().getInt(0);
      Map<String, Entry> records = new TreeMap<>();
      try (Tdb file = Tdb.open(path, TdbOptions.ofBits(flags))) {
        file.traverseChains(
            (key, value) -> {
              Bytes stored = Bytes.of(value);
              records.put(
                  Bytes.of(key).text(),
                  new Entry(RecordHeader.decode(stored), stored.from(RecordHeader.SIZE)));
              return true;
            });
      }
      return new NodeCopy(records);
    }
  }

  /** The number that a database's name stands for at all nodes. */
  public static int databaseId(DaemonConnection connection, String name) throws IOException {
    Bytes map = connection.control(Control.GET_DBMAP, Bytes.EMPTY).data();
    for (int i = 0; i < map.getInt(0); i++) {
      int id = map.getInt(4 + 8 * i);
      if (connection.control(Control.GET_DBNAME, Bytes.ofInt(id)).data().text().equals(name)) {
        return id;
      }
    }
    throw new IOException(name + " is not attached");
  }

  /** All records by key. */
  public Map<String, Entry> records() {
    return records;
  }

  /** One record. */
  public Optional<Entry> get(String key) {
    return Optional.ofNullable(records.get(key));
  }

  @Override
  public String toString() {
    return records.toString();
  }
}
