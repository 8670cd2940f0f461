// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * TRAVERSE_ALL: a node wants the records of a database.
 *
 * @param databaseId hash of the database's name
 * @param reqid the node's number for the traverse
 * @param pnn the node
 * @param clientReqid its client's number
 * @param srvid its client's service id
 */
public record TraverseAll(int databaseId, int reqid, int pnn, int clientReqid, long srvid) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 24;

  /** Reads it; more bytes may follow. */
  public static TraverseAll decode(Bytes bytes) {
    var reader = new ByteReader("traverse_all", bytes);
    int databaseId = reader.getInt("databaseId");
    int reqid = reader.getInt("reqid");
    int pnn = reader.getInt("pnn");
    int clientReqid = reader.getInt("clientReqid");
    long srvid = reader.getLong("srvid");
    return new TraverseAll(databaseId, reqid, pnn, clientReqid, srvid);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE)
        .putInt(databaseId)
        .putInt(reqid)
        .putInt(pnn)
        .putInt(clientReqid)
        .putLong(srvid)
        .toBytes();
  }
}
