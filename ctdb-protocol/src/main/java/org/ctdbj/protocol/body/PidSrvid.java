// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * CHECK_PID_SRVID. Packed: the service id is not aligned.
 *
 * @param pid a process
 * @param srvid a service id that it may have registered
 */
public record PidSrvid(int pid, long srvid) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 12;

  /** Reads it; more bytes may follow. */
  public static PidSrvid decode(Bytes bytes) {
    var reader = new ByteReader("pid_srvid", bytes);
    int pid = reader.getInt("pid");
    long srvid = reader.getLong("srvid");
    return new PidSrvid(pid, srvid);
  }

  /** Its bytes. */
  public Bytes encode() {
    return new ByteWriter(SIZE).putInt(pid).putLong(srvid).toBytes();
  }
}
