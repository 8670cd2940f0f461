// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * DB_PULL and DB_PUSH_START: records go by messages.
 *
 * @param databaseId hash of the database's name
 * @param lmaster not used; may be anything
 * @param srvid service id of the messages
 */
public record PullDatabase(int databaseId, int lmaster, long srvid) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 16;

  /** Reads it; more bytes may follow. */
  public static PullDatabase decode(Bytes bytes) {
    var reader = new ByteReader("pulldb_ext", bytes);
    int databaseId = reader.getInt("databaseId");
    int lmaster = reader.getInt("lmaster");
    long srvid = reader.getLong("srvid");
    return new PullDatabase(databaseId, lmaster, srvid);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(databaseId).putInt(lmaster).putLong(srvid).toBytes();
  }
}
