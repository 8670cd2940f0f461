// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * A node's vote for itself in an election.
 *
 * @param connected nodes that it is connected to
 * @param priorityTime since when it has been active
 * @param pnn the node
 * @param nodeFlags its flags
 */
public record ElectionVote(int connected, TimeVal priorityTime, int pnn, int nodeFlags) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 32;

  /** Reads it; more bytes may follow. */
  public static ElectionVote decode(Bytes bytes) {
    var reader = new ByteReader("election", bytes);
    int connected = reader.getInt("connected");
    reader.skip(4);
    TimeVal priorityTime = TimeVal.read(reader, "priorityTime");
    int pnn = reader.getInt("pnn");
    int nodeFlags = reader.getInt("nodeFlags");
    return new ElectionVote(connected, priorityTime, pnn, nodeFlags);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    writer.putInt(connected);
    writer.putInt(0);
    priorityTime.write(writer);
    writer.putInt(pnn);
    writer.putInt(nodeFlags);
    return writer.toBytes();
  }
}
