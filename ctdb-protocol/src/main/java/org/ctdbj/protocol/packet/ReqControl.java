// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import org.ctdbj.protocol.Bytes;

/**
 * Operation 7: a request to a daemon.
 *
 * @param header the common header
 * @param opcode number of the control, known or not; see {@code Control}
 * @param srvid service id, for the controls that need one
 * @param clientId the sending daemon's id of the client that asked; 0 for none
 * @param flags {@link org.ctdbj.protocol.ControlFlags}
 * @param data the control's body
 */
public record ReqControl(Header header, int opcode, long srvid, int clientId, int flags, Bytes data)
    implements Packet {
  @Override
  public ReqControl withHeader(Header newHeader) {
    return new ReqControl(newHeader, opcode, srvid, clientId, flags, data);
  }
}
