// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Service ids: to whom a message goes. The upper 8 bits say which range an id belongs to. */
public final class Srvid {
  /** As a registration: every message that is delivered on the node. Not a destination. */
  public static final long ALL = 0xFFFFFFFFFFFFFFFFL;

  /** Plus a number: records of a recovery on their way to or from the leader. */
  public static final long RECOVERY = 0xF001000000000000L;

  /** To the recovery core: ban credits for a node. */
  public static final long BANNING = 0xF002000000000000L;

  /** A vote in an election. */
  public static final long ELECTION = 0xF100000000000000L;

  /** Who leads, once a second; UNKNOWN announces an election. */
  public static final long LEADER = 0xF101000000000000L;

  /** To clients: a recovery has ended. */
  public static final long RECONFIGURE = 0xF200000000000000L;

  /** To local clients: an address has left this node. */
  public static final long RELEASE_IP = 0xF300000000000000L;

  /** To local clients: an address has come to this node. */
  public static final long TAKE_IP = 0xF301000000000000L;

  /** To local clients: addresses have been moved (later versions). */
  public static final long IPREALLOCATED = 0xF302000000000000L;

  /** Obsolete. */
  public static final long SET_NODE_FLAGS = 0xF400000000000000L;

  /** To the own recovery core: the own flags have changed. */
  public static final long PUSH_NODE_FLAGS = 0xF900000000000000L;

  /** Obsolete. */
  public static final long VACUUM_FETCH = 0xF700000000000000L;

  /** Obsolete. */
  public static final long DETACH_DATABASE = 0xF701000000000000L;

  /** To the recovery core: send a report of memory. */
  public static final long MEM_DUMP = 0xF800000000000000L;

  /** To the own recovery core: the nodes file has been read again. */
  public static final long RELOAD_NODES = 0xFA00000000000000L;

  /** To the leader: distribute the public addresses. */
  public static final long TAKEOVER_RUN = 0xFB00000000000000L;

  /** To the leader: this node should get addresses. */
  public static final long REBALANCE_NODE = 0xFB01000000000000L;

  /** To recovery cores: no takeover runs for a time. */
  public static final long DISABLE_TAKEOVER_RUNS = 0xFB03000000000000L;

  /** To recovery cores: no recoveries for a time. */
  public static final long DISABLE_RECOVERIES = 0xFB04000000000000L;

  /** To recovery cores: no checks of addresses for a time. */
  public static final long DISABLE_IP_CHECK = 0xFC00000000000000L;

  /** A registered process has gone. */
  public static final long SAMBA_NOTIFY = 0xFE00000000000000L;

  /** Between notify daemons. */
  public static final long SAMBA_NOTIFY_PROXY = 0xFE00000000000001L;

  /** To every process of Samba. */
  public static final long SAMBA_PROCESS = 0xFE00000000000002L;

  private Srvid() {}
}
