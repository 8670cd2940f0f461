// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.BanState;
import org.ctdbj.protocol.body.NodeMap;

/**
 * Recovers all databases at the same time. A node that made them fail several times is banned, so
 * that the next recovery goes without it.
 */
final class AllDatabases {
  /** Failures in one run after which a node is banned; ctdbd's too. */
  private static final int BAN_CREDITS = 3;

  private final Scope scope;
  private final RecoveryPlan plan;
  private final List<ClusterDatabase> databases;
  private final SrvidSequence srvids;
  private final Runnable done;
  private final Consumer<String> failed;
  private final NavigableMap<Integer, Integer> credits = new TreeMap<>();
  private int left;
  private int failures;

  /**
   * @param done runs when all have been recovered
   * @param failed gets the reason when all have ended and not all well
   */
  AllDatabases(
      Scope scope,
      RecoveryPlan plan,
      List<ClusterDatabase> databases,
      SrvidSequence srvids,
      Runnable done,
      Consumer<String> failed) {
    this.scope = scope;
    this.plan = plan;
    this.databases = databases;
    this.srvids = srvids;
    this.done = done;
    this.failed = failed;
  }

  void start() {
    left = databases.size();
    if (left == 0) {
      done.run();
      return;
    }
    for (var database : databases) {
      new DatabaseRecovery(
              scope,
              plan,
              database,
              srvids,
              pnn -> credits.merge(pnn, 1, Integer::sum),
              this::ended)
          .start();
    }
  }

  private void ended(boolean good) {
    if (!good) {
      failures++;
    }
    left--;
    if (left > 0) {
      return;
    }
    if (failures == 0) {
      done.run();
      return;
    }
    scope.log().error(failures + " of " + databases.size() + " databases not recovered");
    if (plan.tunables().get(Tunable.ENABLE_BANS) == 0) {
      end();
      return;
    }
    var worst =
        new ArrayList<>(
            credits.entrySet().stream()
                .filter(entry -> entry.getValue() >= BAN_CREDITS)
                .sorted(
                    Comparator.comparing(
                        Map.Entry<Integer, Integer>::getValue, Comparator.reverseOrder()))
                .map(Map.Entry::getKey)
                .toList());
    banFirst(worst);
  }

  private void banFirst(List<Integer> candidates) {
    if (candidates.isEmpty()) {
      end();
      return;
    }
    int pnn = candidates.getFirst();
    var others = candidates.subList(1, candidates.size());
    scope.ask(
        pnn,
        Question.body(Control.GET_NODEMAP, Bytes.EMPTY, plan.timeoutSeconds(), NodeMap::decode),
        map -> {
          if (NodeFlags.isInactive(ClusterView.flags(map, pnn))) {
            banFirst(others); // it is out already, and that may be why it failed
          } else {
            ban(pnn);
          }
        },
        failure -> {
          scope.log().error("Cannot ask node " + pnn + " before its ban: " + failure);
          banFirst(others);
        });
  }

  private void ban(int pnn) {
    int seconds = plan.tunables().get(Tunable.RECOVERY_BAN_PERIOD);
    scope
        .log()
        .error(
            "Node "
                + pnn
                + " made database recovery fail "
                + credits.get(pnn)
                + " times: banning it for "
                + Integer.toUnsignedString(seconds)
                + " seconds");
    scope.ask(
        pnn,
        Question.command(
            Control.SET_BAN_STATE, new BanState(pnn, seconds).encode(), plan.timeoutSeconds()),
        ok -> end(),
        failure -> {
          scope.log().error("Failed to ban node " + pnn + ": " + failure);
          end();
        });
  }

  private void end() {
    failed.accept(failures + " of " + databases.size() + " databases not recovered");
  }
}
