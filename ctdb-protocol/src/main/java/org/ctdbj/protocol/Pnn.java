// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/**
 * Node numbers. A real one is the index of the node's line in the nodes file, from 0; the protocol
 * gives a few values at the top of the unsigned 32-bit range a meaning of their own. All are plain
 * {@code int}s.
 */
public final class Pnn {
  /** On the client socket only: the node that is asked. */
  public static final int CURRENT_NODE = 0xF0000001;

  /** Every node that is not deleted, the sender included. */
  public static final int BROADCAST_ALL = 0xF0000002;

  /** Every node that has none of the {@link NodeFlags#INACTIVE} flags, the sender included. */
  public static final int BROADCAST_ACTIVE = 0xF0000003;

  /** Every node that is neither deleted nor disconnected, the sender included. */
  public static final int BROADCAST_CONNECTED = 0xF0000004;

  /** In a body: no node. */
  public static final int UNKNOWN = 0xFFFFFFFF;

  private Pnn() {}

  /** Whether the number means several nodes. */
  public static boolean isBroadcast(int pnn) {
    return pnn == BROADCAST_ALL || pnn == BROADCAST_ACTIVE || pnn == BROADCAST_CONNECTED;
  }

  /** For messages: the number, or the name of a special one. */
  public static String toString(int pnn) {
    return switch (pnn) {
      case CURRENT_NODE -> "CURRENT_NODE";
      case BROADCAST_ALL -> "BROADCAST_ALL";
      case BROADCAST_ACTIVE -> "BROADCAST_ACTIVE";
      case BROADCAST_CONNECTED -> "BROADCAST_CONNECTED";
      case UNKNOWN -> "UNKNOWN";
      default -> Integer.toUnsignedString(pnn);
    };
  }
}
