// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * The transaction controls of a recovery.
 *
 * @param databaseId hash of the database's name
 * @param transactionId the recovery's generation
 */
public record TransactionDatabase(int databaseId, int transactionId) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 8;

  /** Reads it; more bytes may follow. */
  public static TransactionDatabase decode(Bytes bytes) {
    var reader = new ByteReader("transdb", bytes);
    int databaseId = reader.getInt("databaseId");
    int transactionId = reader.getInt("transactionId");
    return new TransactionDatabase(databaseId, transactionId);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(databaseId).putInt(transactionId).toBytes();
  }
}
