// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Numbers that two daemons must agree on. */
public final class ProtocolVersion {
  /** Second word of every packet: "CTDB". */
  public static final int MAGIC = 0x43544442;

  /** Third word of every packet. */
  public static final int PACKET = 1;

  /**
   * Samba's version in keepalives, major and minor: nodes of another version shut down when they
   * see it.
   */
  public static final int SAMBA_4_17 = 0x00040011;

  /** TCP port of a node, unless the services database names one for ctdb/tcp. */
  public static final int PORT = 4379;

  private ProtocolVersion() {}
}
