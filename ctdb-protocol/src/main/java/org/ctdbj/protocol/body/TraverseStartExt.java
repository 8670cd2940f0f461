// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * TRAVERSE_START_EXT: as {@link TraverseStart}, with a choice.
 *
 * @param databaseId hash of the database's name
 * @param reqid the client's number for the traverse
 * @param srvid where the records are to go
 * @param withEmpty whether records without data are wanted
 */
public record TraverseStartExt(int databaseId, int reqid, long srvid, boolean withEmpty) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 24;

  /** Reads it; more bytes may follow. */
  public static TraverseStartExt decode(Bytes bytes) {
    var reader = new ByteReader("traverse_start_ext", bytes);
    int databaseId = reader.getInt("databaseId");
    int reqid = reader.getInt("reqid");
    long srvid = reader.getLong("srvid");
    boolean withEmpty = reader.getByte("withEmpty") != 0;
    reader.skip(7);
    return new TraverseStartExt(databaseId, reqid, srvid, withEmpty);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE)
        .putInt(databaseId)
        .putInt(reqid)
        .putLong(srvid)
        .putByte(withEmpty ? 1 : 0)
        .putZeros(7)
        .toBytes();
  }
}
