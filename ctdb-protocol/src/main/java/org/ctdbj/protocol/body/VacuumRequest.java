// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * DB_VACUUM. Packed to 5 bytes.
 *
 * @param databaseId hash of the database's name
 * @param fullRun whether to look at every record
 */
public record VacuumRequest(int databaseId, boolean fullRun) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 5;

  /** Reads it; more bytes may follow. */
  public static VacuumRequest decode(Bytes bytes) {
    var reader = new ByteReader("db_vacuum", bytes);
    int databaseId = reader.getInt("databaseId");
    boolean fullRun = reader.getByte("fullRun") != 0;
    return new VacuumRequest(databaseId, fullRun);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(databaseId).putByte(fullRun ? 1 : 0).toBytes();
  }
}
