// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * The nodes of the cluster, as one of them sees them.
 *
 * @param nodes in the order of their numbers
 */
public record NodeMap(List<Node> nodes) {
  private static final int NODE_SIZE = 8 + SockAddr.SIZE;

  /** Keeps its own copy of the list. */
  public NodeMap {
    nodes = List.copyOf(nodes);
  }

  /**
   * One node.
   *
   * @param pnn its number
   * @param flags {@link org.ctdbj.protocol.NodeFlags}
   * @param address its address; 0.0.0.0 if it is deleted
   */
  public record Node(int pnn, int flags, SockAddr address) {}

  /** Reads it. */
  public static NodeMap decode(Bytes bytes) {
    var reader = new ByteReader("node_map", bytes);
    int count = reader.getCount("number", NODE_SIZE);
    List<Node> nodes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      nodes.add(
          new Node(reader.getInt("pnn"), reader.getInt("flags"), SockAddr.read(reader, "address")));
    }
    return new NodeMap(nodes);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(4 + NODE_SIZE * nodes.size()).putInt(nodes.size());
    for (Node node : nodes) {
      writer.putInt(node.pnn()).putInt(node.flags());
      node.address().write(writer);
    }
    return writer.toBytes();
  }
}
