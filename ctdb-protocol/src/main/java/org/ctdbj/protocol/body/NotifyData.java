// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * REGISTER_NOTIFY: what to send to all nodes when the client has gone.
 *
 * @param srvid where to
 * @param data what
 */
public record NotifyData(long srvid, Bytes data) {
  /** Reads it from exactly as many bytes as it has: a control of another size is refused. */
  public static NotifyData decode(Bytes bytes) {
    var reader = new ByteReader("notify_data", bytes);
    long srvid = reader.getLong("srvid");
    Bytes data = reader.getBytes("data", reader.getInt("len"));
    reader.expectEnd();
    return new NotifyData(srvid, data);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(12 + data.length())
        .putLong(srvid)
        .putInt(data.length())
        .put(data)
        .toBytes();
  }
}
