// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.BanState;

/** Excludes nodes from the cluster for a time: each node bans itself when it is told to. */
final class Bans {
  private final ClusterView view;
  private final Culprits culprits;

  Bans(ClusterView view, Culprits culprits) {
    this.view = view;
    this.culprits = culprits;
  }

  /**
   * Bans the nodes that were the culprit too often.
   *
   * @param then runs when they have answered, unless the own node is one of them
   * @param selfBanned runs instead if it is
   */
  void banMisbehaving(Scope scope, Runnable then, Runnable selfBanned) {
    var nodes = culprits.takeMisbehaving();
    if (nodes.isEmpty()) {
      then.run();
      return;
    }
    ban(scope, nodes, nodes.contains(view.pnn()) ? selfBanned : then);
  }

  /** Bans nodes and goes on when they have answered; a failure is logged. */
  void ban(Scope scope, List<Integer> nodes, Runnable then) {
    int seconds = view.tunable(Tunable.RECOVERY_BAN_PERIOD);
    banNext(scope, nodes, 0, seconds, then);
  }

  private void banNext(Scope scope, List<Integer> nodes, int index, int seconds, Runnable then) {
    if (index == nodes.size()) {
      then.run();
      return;
    }
    int pnn = nodes.get(index);
    scope
        .log()
        .notice("Banning node " + pnn + " for " + Integer.toUnsignedString(seconds) + " seconds");
    scope.ask(
        pnn,
        Question.command(
            Control.SET_BAN_STATE,
            new BanState(pnn, seconds).encode(),
            view.controlTimeoutSeconds()),
        ok -> banNext(scope, nodes, index + 1, seconds, then),
        failure -> {
          scope.log().error("Failed to ban node " + pnn + ": " + failure);
          banNext(scope, nodes, index + 1, seconds, then);
        });
  }
}
