// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * TRAVERSE_START, TRAVERSE_KILL: a client wants the records of a database.
 *
 * @param databaseId hash of the database's name
 * @param reqid the client's number for the traverse
 * @param srvid where the records are to go
 */
public record TraverseStart(int databaseId, int reqid, long srvid) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 16;

  /** Reads it; more bytes may follow. */
  public static TraverseStart decode(Bytes bytes) {
    var reader = new ByteReader("traverse_start", bytes);
    int databaseId = reader.getInt("databaseId");
    int reqid = reader.getInt("reqid");
    long srvid = reader.getLong("srvid");
    return new TraverseStart(databaseId, reqid, srvid);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(databaseId).putInt(reqid).putLong(srvid).toBytes();
  }
}
