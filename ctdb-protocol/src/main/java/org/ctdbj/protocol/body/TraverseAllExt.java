// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * TRAVERSE_ALL_EXT: as {@link TraverseAll}, with a choice.
 *
 * @param databaseId hash of the database's name
 * @param reqid the node's number for the traverse
 * @param pnn the node
 * @param clientReqid its client's number
 * @param srvid its client's service id
 * @param withEmpty whether records without data are wanted
 */
public record TraverseAllExt(
    int databaseId, int reqid, int pnn, int clientReqid, long srvid, boolean withEmpty) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 32;

  /** Reads it; more bytes may follow. */
  public static TraverseAllExt decode(Bytes bytes) {
    var reader = new ByteReader("traverse_all_ext", bytes);
    int databaseId = reader.getInt("databaseId");
    int reqid = reader.getInt("reqid");
    int pnn = reader.getInt("pnn");
    int clientReqid = reader.getInt("clientReqid");
    long srvid = reader.getLong("srvid");
    boolean withEmpty = reader.getByte("withEmpty") != 0;
    reader.skip(7);
    return new TraverseAllExt(databaseId, reqid, pnn, clientReqid, srvid, withEmpty);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE)
        .putInt(databaseId)
        .putInt(reqid)
        .putInt(pnn)
        .putInt(clientReqid)
        .putLong(srvid)
        .putByte(withEmpty ? 1 : 0)
        .putZeros(7)
        .toBytes();
  }
}
