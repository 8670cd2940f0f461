// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.RandomSource;

/**
 * One recovery as the leader sees it: bans first, then the databases, then the addresses, then a
 * rest.
 */
final class RecoveryCycle {
  private final ClusterView view;
  private final RandomSource random;
  private final Leadership leadership;
  private final Culprits culprits;
  private final Bans bans;
  private final FlagReconciliation flags;
  private final TakeoverCycle takeover;
  private final Operation operation;
  private final SrvidSequence srvids = new SrvidSequence();
  private boolean needed;
  private int lastGeneration = Generation.INVALID;
  private Scope scope;
  private Runnable done;

  RecoveryCycle(
      ClusterView view,
      RandomSource random,
      Leadership leadership,
      Culprits culprits,
      Bans bans,
      FlagReconciliation flags,
      TakeoverCycle takeover,
      Operation operation) {
    this.view = view;
    this.random = random;
    this.leadership = leadership;
    this.culprits = culprits;
    this.bans = bans;
    this.flags = flags;
    this.takeover = takeover;
    this.operation = operation;
  }

  /** Whether a recovery was found to be needed and none has succeeded since. */
  boolean needed() {
    return needed;
  }

  /** Whether recoveries are forbidden for now. */
  boolean disabled() {
    return operation.disabled();
  }

  /** Forbids recoveries: see {@link Operation#disable}. */
  boolean disable(int seconds) {
    return operation.disable(seconds);
  }

  /**
   * Does one, if it is allowed now. Ends early without a trace when the scope ends.
   *
   * @param finished runs in the end, whatever came out
   */
  void run(Scope pass, Runnable finished) {
    needed = true;
    if (!leadership.isLeader() || leadership.electionInProgress() || !operation.begin()) {
      finished.run();
      return;
    }
    scope = pass.child();
    scope.onEnd(operation::end);
    done = finished;
    int culprit = culprits.last();
    scope
        .log()
        .notice(
            "Recovery initiated"
                + (culprit == Pnn.UNKNOWN ? "" : " due to problem with node " + culprit));
    bans.banMisbehaving(scope, this::checkLock, this::stop);
  }

  private void checkLock() {
    if (!leadership.mayLead()) {
      scope.log().error("The cluster lock is not held: this node bans itself");
      bans.ban(scope, List.of(view.pnn()), this::stop);
      return;
    }
    scope.askAll(
        view.active(),
        Question.body(
            Control.GET_CAPABILITIES,
            Bytes.EMPTY,
            view.controlTimeoutSeconds(),
            data -> data.getInt(0)),
        answers -> {
          if (!answers.complete()) {
            failed(answers.failureText());
            return;
          }
          view.capabilities(answers.values());
          flags.pushAll(scope, this::recover, this::failed);
        });
  }

  private void recover() {
    lastGeneration = newGeneration();
    new RecoveryRun(
            scope,
            view.pnn(),
            lastGeneration,
            view.controlTimeoutSeconds(),
            srvids,
            this::recovered,
            this::failed)
        .start();
  }

  private void recovered(double seconds) {
    takeover.run(scope, good -> finish(seconds));
  }

  private void finish(double seconds) {
    scope.message(Pnn.BROADCAST_CONNECTED, Srvid.RECONFIGURE, Bytes.EMPTY);
    needed = false;
    culprits.clear();
    scope.end();
    // Gives the nodes time to settle before the next one.
    operation.disable(view.tunable(Tunable.RERECOVERY_TIMEOUT));
    scope
        .log()
        .notice(
            String.format(
                "Recovery finished, generation %s, %.3f seconds",
                Integer.toUnsignedString(lastGeneration), seconds));
    done.run();
  }

  private void failed(String failure) {
    scope.log().error("Recovery failed: " + failure);
    stop();
  }

  private void stop() {
    scope.end();
    done.run();
  }

  private int newGeneration() {
    while (true) {
      int generation = random.nextInt() & Integer.MAX_VALUE;
      if (generation != 0 && generation != Generation.INVALID && generation != lastGeneration) {
        return generation;
      }
    }
  }
}
