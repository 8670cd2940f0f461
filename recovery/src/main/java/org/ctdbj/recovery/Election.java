// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

/** One way to find a leader. */
sealed interface Election permits VoteElection, LockElection {
  /** Whether one is going on: until it ends nobody leads. */
  boolean inProgress();

  /** Starts one; the own node could lead. */
  void start();

  /** Another node has announced that it started one. */
  void peerStarted();

  /** The own node is not, or must not be, the leader: gives up what makes it one. */
  void stepDown();

  /** For the state dump: what holds the leadership. */
  boolean mayLead();
}
