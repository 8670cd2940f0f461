// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.Timers;

/**
 * Who leads: the leader's broadcast each second, the silence after which it is taken for dead, and
 * what starts an election. How the election goes is up to an {@link Election}.
 *
 * <p>A process may be stopped for a while and go on (SIGSTOP, a suspended machine). Then timers and
 * messages that became due meanwhile come in any order. So {@link #noticeAbsence}, which runs
 * before every event, compares the clock with the deadlines first: broadcasts that waited in a
 * queue cannot hide that the leader was silent, and a leader that was away does not go on as if
 * nothing had happened.
 */
final class Leadership {
  /** Between two broadcasts of the leader; ctdbd's too. */
  private static final long BROADCAST_NANOS = 1_000_000_000L;

  private final ClusterView view;
  private final Scope scope;
  private final boolean lockConfigured;
  private final long timeoutNanos;
  private final Runnable leadershipLost;
  private Election election;
  private int leader = Pnn.UNKNOWN;
  private long lastTickNanos;
  private boolean timeoutArmed;
  private long timeoutAtNanos;
  private Timers.Timer timeoutTimer;
  private Scope forcing;

  /**
   * @param leadershipLost runs whenever the own node stops to be leader
   */
  Leadership(
      ClusterView view,
      Scope scope,
      boolean lockConfigured,
      int leaderTimeoutSeconds,
      Runnable leadershipLost) {
    this.view = view;
    this.scope = scope;
    this.lockConfigured = lockConfigured;
    this.timeoutNanos = leaderTimeoutSeconds * 1_000_000_000L;
    this.leadershipLost = leadershipLost;
  }

  /** Starts the broadcasts. */
  void start(Election how) {
    election = how;
    lastTickNanos = scope.nowNanos();
    scope.afterNanos(BROADCAST_NANOS, this::tick);
  }

  int leader() {
    return leader;
  }

  boolean isLeader() {
    return leader == view.pnn();
  }

  /** Whether nobody leads at the moment because an election goes on or is about to begin. */
  boolean electionInProgress() {
    return forcing != null || election.inProgress();
  }

  /** Whether the own node has what a leader needs: with a cluster lock, the lock. */
  boolean mayLead() {
    return election.mayLead();
  }

  /** Somebody leads now, or nobody. */
  void leader(int newLeader) {
    if (newLeader == leader) {
      return;
    }
    boolean lost = isLeader();
    leader = newLeader;
    scope
        .log()
        .notice("Leader is now " + (newLeader == Pnn.UNKNOWN ? "unknown" : "node " + newLeader));
    if (lost) {
      election.stepDown();
      leadershipLost.run();
    }
  }

  /**
   * Waits for the leader's broadcast from now on, if nothing waits for it yet and no election goes
   * on.
   */
  void watch() {
    if (!timeoutArmed && !electionInProgress()) {
      armTimeout();
    }
  }

  /** An election is over, with or without result. */
  void electionEnded() {
    watch();
  }

  /** Somebody takes part in an election: the old leader's silence means nothing any more. */
  void stopTimeout() {
    timeoutArmed = false;
    if (timeoutTimer != null) {
      timeoutTimer.cancel();
      timeoutTimer = null;
    }
  }

  /** Runs before every event: see the class comment. */
  void noticeAbsence() {
    long now = scope.nowNanos();
    if (isLeader() && !lockConfigured && now - lastTickNanos > timeoutNanos) {
      scope
          .log()
          .warning(
              "No leader broadcast was sent for "
                  + (now - lastTickNanos) / 1_000_000_000L
                  + " seconds: this node was not running. Another leader may have been elected");
      lastTickNanos = now;
      leader(Pnn.UNKNOWN);
      armTimeout();
    }
    if (timeoutArmed && now - timeoutAtNanos >= 0) {
      stopTimeout();
      scope.log().warning("Leader broadcast timeout");
      forceElection();
    }
  }

  /** A LEADER message: any sender is believed, as ctdbd does. */
  void onLeader(Bytes data) {
    int pnn = data.getInt(0);
    if (pnn == view.pnn() && !isLeader()) {
      // An own broadcast that was under way when this node stepped down.
      return;
    }
    stopTimeout();
    if (pnn != Pnn.UNKNOWN) {
      stopForcing();
      leader(pnn);
      if (!isLeader()) {
        // An election that may have begun here before, perhaps by votes that waited in a queue, is
        // out of date.
        election.stepDown();
      }
    } else if (leader != Pnn.UNKNOWN) {
      scope.log().info("An election was started");
      election.peerStarted();
    }
    watch();
  }

  /**
   * Starts an election: first everybody is put into recovery mode, so that the new leader finds a
   * reason for a recovery.
   *
   * <p>Unlike ctdbd 4.17 this does not give up when a node does not answer: the dead leader itself
   * may be such a node as long as its connection has not been given up.
   */
  void forceElection() {
    if (electionInProgress()) {
      return;
    }
    stopTimeout();
    if (!view.canLead()) {
      // The others have noticed the leader's silence themselves and elect one of them.
      leader(Pnn.UNKNOWN);
      armTimeout();
      return;
    }
    scope.log().notice("Forcing an election");
    var step = scope.child();
    forcing = step;
    step.askAll(
        view.active(),
        Question.command(
            Control.SET_RECMODE,
            Bytes.ofInt(RecoveryMode.ACTIVE.number()),
            view.seconds(Tunable.ELECTION_TIMEOUT)),
        answers -> {
          stopForcing();
          if (!answers.complete()) {
            step.log()
                .warning("Electing without all nodes in recovery mode: " + answers.failureText());
          }
          elect();
        });
  }

  private void elect() {
    if (election.inProgress()) {
      return; // somebody else's, joined while the answers were waited for
    }
    scope.message(Pnn.BROADCAST_CONNECTED, Srvid.LEADER, Bytes.ofInt(Pnn.UNKNOWN));
    election.start();
  }

  private void stopForcing() {
    if (forcing != null) {
      var step = forcing;
      forcing = null;
      step.end();
    }
  }

  private void tick() {
    long now = scope.nowNanos();
    boolean away = now - lastTickNanos > timeoutNanos;
    lastTickNanos = now;
    scope.afterNanos(BROADCAST_NANOS, this::tick);
    if (!view.canLead()) {
      if (isLeader()) {
        scope.log().notice("This node can no longer be leader");
        leader(Pnn.UNKNOWN);
      }
      election.stepDown();
    } else if (isLeader() && !election.inProgress() && !away) {
      // After an absence the news that the cluster lock is lost may still wait in a queue: one
      // broadcast is left out.
      scope.message(Pnn.BROADCAST_CONNECTED, Srvid.LEADER, Bytes.ofInt(view.pnn()));
    }
  }

  private void armTimeout() {
    stopTimeout();
    timeoutArmed = true;
    timeoutAtNanos = scope.nowNanos() + timeoutNanos;
    // The work is done by noticeAbsence, which runs before this event as before every other.
    timeoutTimer = scope.afterNanos(timeoutNanos, () -> {});
  }
}
