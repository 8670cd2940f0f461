// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Tunable;

/**
 * A node that cannot store what other nodes wait for, because its disk is full, takes itself out:
 * for want of one node's room the whole cluster could not create a share of its records. ctdbd
 * aborts at the first such record. Not if it is the last one: alone it can still serve what fits.
 * Node thread only.
 */
final class RoomWatch {
  /** How long other nodes wait before this one leaves. */
  static final int PATIENCE_SECONDS = 10;

  /**
   * Added for each active node with a lower number: of several full nodes one leaves after the
   * other, so that the last sees that it is the last.
   */
  static final int STAGGER_SECONDS = 5;

  /** Complaints further apart than this are not of the same trouble. */
  static final int GAP_SECONDS = 5;

  private final NodeCore node;
  private final Runnable leave;
  private boolean begun;
  private long sinceNanos;
  private long lastNanos;

  /**
   * A watch without complaints.
   *
   * @param leave bans this node
   */
  RoomWatch(NodeCore node, Runnable leave) {
    this.node = node;
    this.leave = leave;
  }

  /** Something that other nodes wait for has no room here. */
  void noRoom(String reason) {
    long now = node.timers().nowNanos();
    if (!begun || now - lastNanos > GAP_SECONDS * 1_000_000_000L) {
      begun = true;
      sinceNanos = now;
    }
    lastNanos = now;
    var active =
        node.expand(Pnn.BROADCAST_CONNECTED).stream()
            .filter(pnn -> !NodeFlags.isInactive(node.nodeFlags(pnn)))
            .toList();
    long patience =
        PATIENCE_SECONDS
            + STAGGER_SECONDS * active.stream().filter(pnn -> pnn < node.pnn()).count();
    if (now - sinceNanos < patience * 1_000_000_000L
        || node.recoveryMode() != RecoveryMode.NORMAL
        || active.stream().allMatch(pnn -> pnn == node.pnn())
        || node.tunable(Tunable.ENABLE_BANS) == 0) {
      return;
    }
    begun = false;
    node.log()
        .error(
            "For %d seconds other nodes have waited for this one: %s. It leaves the cluster; make room on the disk of the databases"
                .formatted((now - sinceNanos) / 1_000_000_000L, reason));
    leave.run();
  }
}
