// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Tunable;

/**
 * Counts how often which node was the reason for a recovery, and says who has been it too often.
 */
final class Culprits {
  /** Reports per node of the cluster that make a node misbehaving, as in ctdbd 4.17. */
  private static final int LIMIT_PER_NODE = 2;

  private record Count(int credits, long lastReportNanos) {}

  private final ClusterView view;
  private final Scope scope;
  private final NavigableMap<Integer, Count> counts = new TreeMap<>();
  private int last = Pnn.UNKNOWN;

  Culprits(ClusterView view, Scope scope) {
    this.view = view;
    this.scope = scope;
  }

  /**
   * A node was in the way, so many times. Does nothing for an unknown node, or while the own one is
   * inactive.
   */
  void report(int pnn, int credits) {
    if (!view.knows(pnn) || view.ownInactive()) {
      return;
    }
    long now = scope.nowNanos();
    long graceNanos =
        Integer.toUnsignedLong(view.tunable(Tunable.RECOVERY_GRACE_PERIOD)) * 1_000_000_000L;
    var before = counts.get(pnn);
    int kept = before == null || now - before.lastReportNanos > graceNanos ? 0 : before.credits;
    counts.put(pnn, new Count(kept + credits, now));
    last = pnn;
    scope.log().notice("Node " + pnn + " has " + (kept + credits) + " ban credits");
  }

  /** The node reported last; {@link Pnn#UNKNOWN} for none. */
  int last() {
    return last;
  }

  /** A recovery has succeeded: everybody starts anew. */
  void clear() {
    counts.clear();
    last = Pnn.UNKNOWN;
  }

  /** Takes the nodes that are to be banned now; their counts start anew. */
  List<Integer> takeMisbehaving() {
    int limit = LIMIT_PER_NODE * view.nodeCount();
    var nodes = new ArrayList<Integer>();
    counts.forEach(
        (pnn, count) -> {
          if (count.credits >= limit) {
            nodes.add(pnn);
          }
        });
    nodes.forEach(counts::remove);
    return nodes;
  }

  /** Credits of a node, for tests and the state dump. */
  int credits(int pnn) {
    var count = counts.get(pnn);
    return count == null ? 0 : count.credits;
  }
}
