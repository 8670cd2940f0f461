// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.HashMap;
import java.util.Map;

/** Who acts as leader: one node per generation, and with a cluster lock only its holder. */
final class LeaderChecker {
  private final Simulation world;
  private final Map<Integer, Integer> leaders = new HashMap<>();

  LeaderChecker(Simulation world) {
    this.world = world;
  }

  /** A node tells another one to use a map of this generation. */
  void leads(SimNode node, int generation) {
    Integer other = leaders.putIfAbsent(generation, node.pnn());
    Violation.unless(
        other == null || other == node.pnn(),
        "nodes %s and %d lead generation %08x",
        other,
        node.pnn(),
        generation);
    Violation.unless(
        world.lock() == null || world.lock().believes(node.pnn()),
        "node %d leads a recovery without the cluster lock",
        node.pnn());
  }
}
