// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/**
 * State bits of a node. Each node is the authority for its own bits, except {@link #DISCONNECTED}.
 */
public final class NodeFlags {
  /**
   * The observer has no working connection to the node: each node's private opinion of the others.
   */
  public static final int DISCONNECTED = 0x01;

  /** The last health check failed, or none has passed yet. */
  public static final int UNHEALTHY = 0x02;

  /** Switched off by an administrator; still takes part in recovery. */
  public static final int PERMANENTLY_DISABLED = 0x04;

  /** Excluded for a time because it caused failures. */
  public static final int BANNED = 0x08;

  /** Its line in the nodes file is commented out. */
  public static final int DELETED = 0x10;

  /** Taken out of the cluster by an administrator. */
  public static final int STOPPED = 0x20;

  /** Any of these: the node may not host addresses. */
  public static final int DISABLED = UNHEALTHY | PERMANENTLY_DISABLED;

  /** Any of these: the node takes no part in the databases. */
  public static final int INACTIVE = DELETED | DISCONNECTED | BANNED | STOPPED;

  private NodeFlags() {}

  /** Whether the node takes no part in the databases. */
  public static boolean isInactive(int flags) {
    return (flags & INACTIVE) != 0;
  }
}
