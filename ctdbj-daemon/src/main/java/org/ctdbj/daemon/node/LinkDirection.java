// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

/** Which of the two connections between a pair of nodes. */
public enum LinkDirection {
  /** Opened by this node: it sends on it. */
  OUTGOING,
  /** Accepted from the other node: it receives on it. */
  INCOMING
}
