// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.ElectionVote;
import org.ctdbj.protocol.body.TimeVal;
import org.ctdbj.recovery.door.Timers;

/**
 * Election by votes, for a cluster without a cluster lock. Each vote says since when its sender
 * could have led; whoever knows a better candidate, itself, answers with an own vote. Who has heard
 * no better one when votes have stopped for a while is leader. The longest-running node wins, the
 * higher number among equals.
 */
final class VoteElection implements Election {
  /**
   * Delay of the answer to a vote that loses, so that one answer serves for several; ctdbd's too.
   */
  private static final long ANSWER_NANOS = 500_000_000L;

  /** Length of the first election in test mode; ctdbd's too. */
  private static final long FAST_NANOS = 500_000_000L;

  private final ClusterView view;
  private final Scope scope;
  private final Leadership leadership;
  private boolean fast;
  private boolean inProgress;
  private Timers.Timer endTimer;
  private Timers.Timer answerTimer;

  /**
   * @param fast whether the first election is short
   */
  VoteElection(ClusterView view, Scope scope, Leadership leadership, boolean fast) {
    this.view = view;
    this.scope = scope;
    this.leadership = leadership;
    this.fast = fast;
  }

  @Override
  public boolean inProgress() {
    return inProgress;
  }

  @Override
  public void start() {
    extend();
    leadership.leader(view.pnn());
    send();
  }

  /**
   * ctdbd 4.17 waits here without a limit for a vote that may never come, because its sender has
   * died; this waits as long as for any other.
   */
  @Override
  public void peerStarted() {
    if (!inProgress) {
      extend();
    }
  }

  @Override
  public void stepDown() {
    cancelAnswer();
  }

  @Override
  public boolean mayLead() {
    return true;
  }

  /** An ELECTION message. */
  void onVote(Bytes data) {
    var vote = ElectionVote.decode(data);
    if (vote.pnn() == view.pnn()) {
      return;
    }
    leadership.stopTimeout();
    extend();
    if (beats(vote)) {
      if (answerTimer == null) {
        answerTimer = scope.afterNanos(ANSWER_NANOS, this::answer);
      }
    } else {
      cancelAnswer();
      leadership.leader(vote.pnn());
    }
  }

  private boolean beats(ElectionVote vote) {
    if (!view.canLead()) {
      return false;
    }
    if (NodeFlags.isInactive(vote.nodeFlags())) {
      return true;
    }
    int order = TimeVal.ofMicros(view.priorityMicros()).compareTo(vote.priorityTime());
    return order < 0 || (order == 0 && Integer.compareUnsigned(view.pnn(), vote.pnn()) > 0);
  }

  private void answer() {
    answerTimer = null;
    if (view.canLead()) {
      leadership.leader(view.pnn());
      send();
    }
  }

  private void send() {
    boolean candidate = view.canLead();
    var vote =
        new ElectionVote(
            candidate ? view.connected().size() : 0,
            TimeVal.ofMicros(candidate ? view.priorityMicros() : scope.wallClockMicros()),
            view.pnn(),
            view.ownFlags());
    scope.message(Pnn.BROADCAST_ALL, Srvid.ELECTION, vote.encode());
  }

  private void extend() {
    inProgress = true;
    if (endTimer != null) {
      endTimer.cancel();
    }
    long nanos = fast ? FAST_NANOS : view.seconds(Tunable.ELECTION_TIMEOUT) * 1_000_000_000L;
    endTimer = scope.afterNanos(nanos, this::end);
  }

  private void end() {
    endTimer = null;
    inProgress = false;
    fast = false;
    scope.log().notice("Election period ended, leader=" + Pnn.toString(leadership.leader()));
    leadership.electionEnded();
  }

  private void cancelAnswer() {
    if (answerTimer != null) {
      answerTimer.cancel();
      answerTimer = null;
    }
  }
}
