// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Pnn;

/** Election by the cluster lock: whoever gets it leads, as long as it holds it. */
final class LockElection implements Election {
  /** After which an attempt is given up; ctdbd's too. */
  private static final int ATTEMPT_SECONDS = 120;

  private final ClusterView view;
  private final Scope scope;
  private final Leadership leadership;
  private final ClusterLock lock;
  private ClusterLock.Attempt attempt;
  private Scope attemptScope;
  private boolean held;

  LockElection(ClusterView view, Scope scope, Leadership leadership, ClusterLock lock) {
    this.view = view;
    this.scope = scope;
    this.leadership = leadership;
    this.lock = lock;
    scope.onEnd(this::release);
  }

  @Override
  public boolean inProgress() {
    return attempt != null && !held;
  }

  @Override
  public void start() {
    if (inProgress()) {
      return;
    }
    if (held) {
      leadership.leader(view.pnn());
      leadership.electionEnded();
      return;
    }
    leadership.leader(Pnn.UNKNOWN);
    var step = scope.child();
    attemptScope = step;
    attempt =
        lock.acquire(
            ATTEMPT_SECONDS,
            outcome -> step.event(() -> attempted(outcome)),
            () -> step.event(this::lost));
  }

  @Override
  public void peerStarted() {
    if (view.canLead()) {
      start();
    }
  }

  @Override
  public void stepDown() {
    if (attempt != null) {
      scope
          .log()
          .notice(
              held
                  ? "Releasing the cluster lock"
                  : "Giving up the attempt to take the cluster lock");
      release();
    }
  }

  @Override
  public boolean mayLead() {
    return held;
  }

  private void attempted(ClusterLock.Outcome outcome) {
    if (outcome == ClusterLock.Outcome.HELD && view.canLead()) {
      held = true;
      scope.log().notice("Cluster lock taken: this node is leader");
      leadership.leader(view.pnn());
    } else {
      release();
      switch (outcome) {
        case HELD -> scope.log().notice("Cluster lock released: this node can no longer be leader");
        case CONTENDED -> scope.log().info("Cluster lock is held by another node");
        case TIMEOUT ->
            scope
                .log()
                .warning("No answer about the cluster lock for " + ATTEMPT_SECONDS + " seconds");
        case ERROR -> scope.log().error("Cluster lock cannot be taken: its helper has failed");
      }
    }
    leadership.electionEnded();
  }

  private void lost() {
    scope.log().error("Cluster lock helper has ended: the lock is lost");
    release();
    if (leadership.isLeader()) {
      leadership.leader(Pnn.UNKNOWN);
    }
    leadership.forceElection();
  }

  private void release() {
    held = false;
    if (attempt != null) {
      var given = attempt;
      attempt = null;
      attemptScope.end();
      given.release();
    }
  }
}
