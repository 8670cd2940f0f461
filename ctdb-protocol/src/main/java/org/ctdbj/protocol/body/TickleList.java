// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * GET_TCP_TICKLE_LIST, SET_TCP_TICKLE_LIST.
 *
 * @param address the public address; in the reply to a request the address and port that were asked
 *     for
 * @param connections those to it
 */
public record TickleList(SockAddr address, List<Connection> connections) {
  /** Keeps its own copy of the list. */
  public TickleList {
    connections = List.copyOf(connections);
  }

  /** Reads it; more bytes may follow. */
  public static TickleList decode(Bytes bytes) {
    var reader = new ByteReader("tickle_list", bytes);
    SockAddr address = SockAddr.read(reader, "addr");
    int count = reader.getCount("num", Connection.SIZE);
    List<Connection> connections = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      connections.add(Connection.read(reader));
    }
    return new TickleList(address, connections);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SockAddr.SIZE + 4 + Connection.SIZE * connections.size());
    address.write(writer);
    writer.putInt(connections.size());
    connections.forEach(connection -> connection.write(writer));
    return writer.toBytes();
  }
}
