// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.NodeMap;

/**
 * The round that each recovery core makes every RecoverInterval: looks after its own node, and if
 * it is the leader after the cluster. One pass at a time; a pass ends at the first control that
 * fails. The order of the steps matters: a node that is inactive or not the leader must never get
 * as far as to start a recovery.
 */
final class MainLoop {
  private final ClusterView view;
  private final Scope scope;
  private final Leadership leadership;
  private final Bans bans;
  private final LeaderChecks checks;
  private final RecoveryCycle recovery;
  private final TakeoverCycle takeover;
  private Scope pass;
  private boolean leading;
  private long passStartNanos;
  private boolean frozenSelf;

  MainLoop(
      ClusterView view,
      Scope scope,
      Leadership leadership,
      Bans bans,
      LeaderChecks checks,
      RecoveryCycle recovery,
      TakeoverCycle takeover) {
    this.view = view;
    this.scope = scope;
    this.leadership = leadership;
    this.bans = bans;
    this.checks = checks;
    this.recovery = recovery;
    this.takeover = takeover;
  }

  /** Starts the first pass, after the present event. */
  void start() {
    scope.soon(this::beginPass);
  }

  /** The node stops to be leader: whatever it does as leader ends here. */
  void leadershipLost() {
    if (leading) {
      scope.log().notice("No longer leader: work of the leader is given up");
      endPass();
    }
  }

  private void beginPass() {
    pass = scope.child();
    leading = false;
    passStartNanos = scope.nowNanos();
    pass.ask(
        view.pnn(),
        Question.command(Control.RECD_PING, Bytes.EMPTY, view.controlTimeoutSeconds()),
        ok -> pinged(),
        this::failed);
  }

  private void pinged() {
    if (leadership.electionInProgress()) {
      endPass();
      return;
    }
    leadership.watch();
    pass.ask(
        view.pnn(),
        Question.body(
            Control.GET_ALL_TUNABLES,
            Bytes.EMPTY,
            view.controlTimeoutSeconds(),
            TunableValues::decode),
        this::tunablesRead,
        this::failed);
  }

  private void tunablesRead(TunableValues values) {
    view.tunables(values);
    pass.ask(
        view.pnn(),
        Question.body(
            Control.GET_NODEMAP, Bytes.EMPTY, view.controlTimeoutSeconds(), NodeMap::decode),
        this::nodesRead,
        this::failed);
  }

  private void nodesRead(NodeMap map) {
    view.nodes(map);
    bans.banMisbehaving(pass, this::readRecoveryMode, this::endPass);
  }

  private void readRecoveryMode() {
    pass.ask(
        view.pnn(),
        Question.status(Control.GET_RECMODE, view.controlTimeoutSeconds()),
        this::recoveryModeRead,
        this::failed);
  }

  private void recoveryModeRead(int mode) {
    if (!NodeFlags.isInactive(view.ownFlags())) {
      frozenSelf = false;
      readCapabilities();
      return;
    }
    view.priorityMicros(scope.wallClockMicros());
    takeover.dropRequests();
    if (mode == RecoveryMode.NORMAL.number()) {
      pass.ask(
          view.pnn(),
          Question.command(
              Control.SET_RECMODE,
              Bytes.ofInt(RecoveryMode.ACTIVE.number()),
              view.controlTimeoutSeconds()),
          ok -> freezeSelf(),
          this::failed);
    } else {
      freezeSelf();
    }
  }

  /** Once per inactive period; a freeze may take long, so nothing waits for its end. */
  private void freezeSelf() {
    if (!frozenSelf) {
      frozenSelf = true;
      scope.log().notice("This node is inactive: freezing its databases");
      scope.ask(
          view.pnn(),
          Question.command(Control.FREEZE, Bytes.EMPTY, view.controlTimeoutSeconds()),
          ok -> scope.log().info("Databases of the inactive node are frozen"),
          failure -> {
            scope.log().error("Failed to freeze the databases of this inactive node: " + failure);
            frozenSelf = false;
          });
    }
    endPass();
  }

  private void readCapabilities() {
    pass.askAll(
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
          lead();
        });
  }

  private void lead() {
    if (!leadership.isLeader()) {
      takeover.dropRequests();
      endPass();
      return;
    }
    leading = true;
    checks.run(pass, this::checked);
  }

  private void checked(LeaderChecks.Verdict verdict) {
    switch (verdict) {
      case END_PASS -> endPass();
      case GOOD -> takeAddresses();
      case RECOVER -> recovery.run(pass, this::endPass);
    }
  }

  private void takeAddresses() {
    if (takeover.wanted()) {
      takeover.run(pass, good -> endPass());
    } else {
      endPass();
    }
  }

  private void failed(String failure) {
    // While nobody leads and nodes come and go this is the normal course.
    if (leadership.leader() == Pnn.UNKNOWN) {
      scope.log().info("Recovery loop: " + failure);
    } else {
      scope.log().error("Recovery loop: " + failure);
    }
    endPass();
  }

  private void endPass() {
    leading = false;
    pass.end();
    long intervalNanos = view.seconds(Tunable.RECOVER_INTERVAL) * 1_000_000_000L;
    long left = passStartNanos + intervalNanos - scope.nowNanos();
    scope.afterNanos(Math.clamp(left, 0, intervalNanos), this::beginPass);
  }
}
