// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.body.DisableMessage;
import org.ctdbj.protocol.body.SrvidMessage;

/** When the leader makes takeover runs, for whom, and what it tells the others meanwhile. */
final class TakeoverCycle {
  /**
   * For so long the other nodes may not ask for takeover runs unless the end is announced before;
   * ctdbd's too.
   */
  private static final int QUIET_SECONDS = 60;

  private final ClusterView view;
  private final Culprits culprits;
  private final Operation operation;
  private final boolean failoverDisabled;
  private List<SrvidMessage> requests = new ArrayList<>();
  private boolean needed;

  TakeoverCycle(
      ClusterView view, Culprits culprits, Operation operation, boolean failoverDisabled) {
    this.view = view;
    this.culprits = culprits;
    this.operation = operation;
    this.failoverDisabled = failoverDisabled;
  }

  /** A node or tool wants a takeover run and, if its srvid is not 0, an answer. */
  void request(SrvidMessage from) {
    requests.add(from);
  }

  /** This node is not the leader: whoever is answers. */
  void dropRequests() {
    requests.clear();
  }

  /** Forbids takeover runs: see {@link Operation#disable}. */
  boolean disable(int seconds) {
    return operation.disable(seconds);
  }

  /** Whether one should be made now, if no recovery is. */
  boolean wanted() {
    return !operation.disabled() && (needed || !requests.isEmpty());
  }

  /**
   * Makes one if it is allowed now, and answers the requests that came before it.
   *
   * @param done gets whether it was successful
   */
  void run(Scope outer, Consumer<Boolean> done) {
    if (!operation.begin()) {
      needed = true;
      done.accept(false);
      return;
    }
    var served = requests;
    requests = new ArrayList<>();
    var scope = outer.child();
    var outcome = new boolean[1];
    scope.onEnd(
        () -> {
          operation.end();
          announce(scope, 0);
          needed = !outcome[0];
          answer(scope, served, outcome[0]);
        });
    scope.log().notice("Takeover run starting");
    announce(scope, QUIET_SECONDS);
    new TakeoverRun(
            scope,
            view.pnn(),
            failoverDisabled,
            culprit -> culprits.report(culprit, view.nodeCount()),
            good -> {
              outcome[0] = good;
              scope.end();
              scope
                  .log()
                  .notice("Takeover run " + (good ? "completed successfully" : "unsuccessful"));
              done.accept(good);
            })
        .start();
  }

  private void announce(Scope scope, int seconds) {
    var message = new DisableMessage(Pnn.UNKNOWN, 0, seconds).encode();
    for (int pnn : view.others(view.connected())) {
      scope.message(pnn, Srvid.DISABLE_TAKEOVER_RUNS, message);
    }
  }

  private void answer(Scope scope, List<SrvidMessage> served, boolean good) {
    var result = Bytes.ofInt(good ? view.pnn() : -1);
    for (var request : served) {
      if (request.srvid() != 0) {
        scope.message(request.pnn(), request.srvid(), result);
      }
    }
  }
}
