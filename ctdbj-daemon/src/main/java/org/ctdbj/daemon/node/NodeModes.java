// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SrvidMessage;
import org.ctdbj.protocol.body.TimeVal;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.recovery.ClusterLock;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers;

/**
 * The states of a node as a whole: run state, recovery mode, vnn map, capabilities, and the
 * controls with which a recovery leads it from one to the next. Node thread only.
 */
final class NodeModes {
  private static final int LOCK_CHECK_SECONDS = 5;
  private static final int STARTUP_CHECK_SECONDS = 1;

  /**
   * From the running state to the first look at the node's health. It gives the nodes of a cluster
   * that starts time to be running all: a node that becomes healthy makes those recover that are
   * not.
   */
  private static final int FIRST_MONITOR_SECONDS = 2;

  /**
   * Added to RerecoveryTimeout: how long the cluster must have been calm before the startup event.
   */
  private static final int CALM_MARGIN_SECONDS = 3;

  private final NodeCore node;
  private final EventLog reasons;

  /** Any client may send the controls of a recovery, as often as it likes. */
  private final EventLog phases;

  private final boolean fastStart;
  private final String clusterLockSetting;
  private final ClusterLock clusterLock;
  private DatabaseHooks hooks;
  private int capabilities;
  private VnnMap vnnMap;
  private RecoveryMode recoveryMode = RecoveryMode.ACTIVE;
  private Runstate runstate = Runstate.UNKNOWN;
  private boolean frozen;

  /** How often a recovery has been asked for: so that the end of one does not hide the next. */
  private long recoveriesAsked;

  /** The generation in which packets were lost, so that only a newer one can be a whole one. */
  private int lossyGeneration = Generation.INVALID;

  private Timers.Timer startupTimer;
  private final TimeVal started;
  private TimeVal recoveryStarted;
  private TimeVal recoveryFinished;
  private long recoveryFinishedNanos;

  NodeModes(NodeCore node, NodeConfiguration configuration, ClusterLock clusterLock) {
    this.node = node;
    this.reasons =
        new SparingLog(node.log(), () -> node.timers().nowNanos(), "reasons for a recovery");
    this.phases =
        new SparingLog(node.log(), () -> node.timers().nowNanos(), "phases of a recovery");
    this.fastStart = configuration.fastStart();
    this.clusterLockSetting = configuration.clusterLock();
    this.clusterLock = clusterLock;
    this.capabilities = configuration.capabilities();
    this.vnnMap =
        new VnnMap(
            Generation.INVALID,
            configuration.nodes().stream()
                .filter(entry -> (entry.flags() & NodeFlags.DELETED) == 0)
                .map(NodeMap.Node::pnn)
                .toList());
    this.started = TimeVal.ofMicros(node.timers().wallClockMicros());
    this.recoveryStarted = started;
    this.recoveryFinished = started;
    this.recoveryFinishedNanos = node.timers().nowNanos();
  }

  void connect(DatabaseHooks databaseHooks) {
    hooks = databaseHooks;
  }

  DatabaseHooks databases() {
    return hooks;
  }

  void register(ControlTable controls) {
    controls.register(Control.GETVNNMAP, request -> request.reply(vnnMap.encode()));
    controls.register(Control.SETVNNMAP, this::setVnnMap);
    controls.register(Control.GET_RECMODE, request -> request.reply(recoveryMode.number()));
    controls.register(Control.SET_RECMODE, this::setRecoveryMode);
    controls.register(Control.START_RECOVERY, this::startRecovery);
    controls.register(Control.END_RECOVERY, this::endRecovery);
    controls.register(
        Control.GET_RUNSTATE, request -> request.reply(Bytes.ofInt(runstate.number())));
    controls.register(
        Control.GET_CAPABILITIES, request -> request.reply(Bytes.ofInt(capabilities)));
    controls.register(
        Control.SET_LMASTERROLE,
        request -> setRole(request, org.ctdbj.protocol.Capabilities.LMASTER));
    controls.register(
        Control.SET_RECMASTERROLE,
        request -> setRole(request, org.ctdbj.protocol.Capabilities.LEADER));
    controls.register(Control.GET_RECLOCK_FILE, request -> request.reply(clusterLockName()));
  }

  void start() {
    startupTimer = node.timers().scheduleSeconds(STARTUP_CHECK_SECONDS, this::checkStartup);
  }

  void stop() {
    if (startupTimer != null) {
      startupTimer.cancel();
    }
  }

  // ---- run state

  Runstate runstate() {
    return runstate;
  }

  void setRunstate(Runstate wanted) {
    if (wanted.number() > runstate.number()) {
      runstate = wanted;
      node.log().notice("Set runstate to " + wanted + " (" + wanted.number() + ")");
    }
  }

  /** Once the first recovery is over and the cluster is calm, the node is up. */
  private void checkStartup() {
    boolean calm =
        fastStart
            || node.timers().nowNanos() - recoveryFinishedNanos
                >= (Integer.toUnsignedLong(node.tunable(Tunable.RERECOVERY_TIMEOUT))
                        + CALM_MARGIN_SECONDS)
                    * 1_000_000_000L;
    if (vnnMap.generation() == Generation.INVALID
        || recoveryMode != RecoveryMode.NORMAL
        || runstate.number() < Runstate.STARTUP.number()
        || !calm) {
      start();
      return;
    }
    setRunstate(Runstate.RUNNING);
    node.controlNoReply(Pnn.BROADCAST_CONNECTED, Control.STARTUP, 0, 0, Bytes.EMPTY);
    scheduleHealth(FIRST_MONITOR_SECONDS);
  }

  private void scheduleHealth(int seconds) {
    startupTimer = node.timers().scheduleSeconds(seconds, this::checkHealth);
  }

  /** Nobody becomes healthy in the middle of a recovery, or while taken out. */
  private void checkHealth() {
    if (recoveryMode == RecoveryMode.NORMAL && !NodeFlags.isInactive(node.ownFlags())) {
      becomeHealthy();
    } else {
      scheduleHealth(STARTUP_CHECK_SECONDS);
    }
  }

  /**
   * Takes the node's health for good. Event scripts, which would judge it, are not run by this
   * version: a node is healthy once it is up.
   */
  private void becomeHealthy() {
    NodeTable.Entry own = node.nodes().own();
    int before = own.flags();
    int now = before & ~NodeFlags.UNHEALTHY;
    if (now != before) {
      own.setFlags(now);
      node.log().notice("Node became HEALTHY");
      announceFlags(now, before);
    }
  }

  /**
   * Tells the own recovery core, which tells the others, and asks the leader to look at the
   * addresses.
   */
  private void announceFlags(int now, int before) {
    node.message(
        node.pnn(), Srvid.PUSH_NODE_FLAGS, new NodeFlagChange(node.pnn(), now, before).encode());
    node.message(
        Pnn.BROADCAST_CONNECTED, Srvid.TAKEOVER_RUN, new SrvidMessage(node.pnn(), 0).encode());
  }

  // ---- vnn map and recovery mode

  VnnMap vnnMap() {
    return vnnMap;
  }

  private void setVnnMap(ControlRequest request) {
    if (recoveryMode != RecoveryMode.ACTIVE) {
      phases.error("Attempt to set vnnmap when not in recovery");
      request.reply(-1);
      return;
    }
    if (NodeFlags.isInactive(node.ownFlags())) {
      // Stopped or banned since the recovery began: no generation but the invalid one counts here.
      request.fail("node " + node.pnn() + " is stopped or banned");
      return;
    }
    VnnMap wanted = VnnMap.decode(request.data());
    if (wanted.lmasters().isEmpty()) {
      request.fail("a vnn map without location masters");
      return;
    }
    vnnMap = wanted;
    request.reply(0);
  }

  RecoveryMode recoveryMode() {
    return recoveryMode;
  }

  /** Whether all databases were frozen because the node was taken out. */
  boolean frozen() {
    return frozen;
  }

  void forceRecovery(String reason) {
    reasons.warning("recovery needed: " + reason);
    recoveryActive();
  }

  /**
   * {@link #forceRecovery} because packets of the present generation were lost. If its recovery is
   * still going on, calls may have been sent again already and lost: it must not end well.
   */
  void packetsLost(String reason) {
    lossyGeneration = vnnMap.generation();
    forceRecovery(reason);
  }

  private void recoveryActive() {
    recoveriesAsked++;
    recoveryMode = RecoveryMode.ACTIVE;
  }

  private void setRecoveryMode(ControlRequest request) {
    int wanted = request.data().getInt(0);
    if (wanted == recoveryMode.number()) {
      recoveriesAsked += wanted == RecoveryMode.ACTIVE.number() ? 1 : 0;
      request.reply(0);
    } else if (wanted == RecoveryMode.ACTIVE.number()) {
      node.log().notice("Recovery mode set to ACTIVE");
      recoveryActive();
      request.reply(0);
    } else if (wanted == RecoveryMode.NORMAL.number()) {
      endRecoveryMode(request);
    } else {
      request.reply(-1);
    }
  }

  private void endRecoveryMode(ControlRequest request) {
    if (NodeFlags.isInactive(node.ownFlags())) {
      // Stopped or banned while the recovery was under way: its databases must stay shut.
      request.fail("node " + node.pnn() + " is stopped or banned");
      return;
    }
    if (lossyGeneration == vnnMap.generation() && lossyGeneration != Generation.INVALID) {
      request.fail("node " + node.pnn() + " needs another recovery: packets were lost");
      return;
    }
    if (!hooks.allGenerationsAre(vnnMap.generation())) {
      request.fail("not every database has been recovered in generation " + vnnMap.generation());
      return;
    }
    frozen = false;
    hooks.thawAll();
    long asked = recoveriesAsked;
    checkClusterLock(
        problem -> {
          if (problem != null) {
            node.log().error(problem);
            request.fail(problem);
            return;
          }
          if (asked != recoveriesAsked) {
            // Ended, the recovery that was asked for during the check would never happen.
            request.fail("another recovery was asked for on node " + node.pnn());
            return;
          }
          node.log().notice("Recovery mode set to NORMAL");
          recoveryMode = RecoveryMode.NORMAL;
          hooks.recoveryModeNormal();
          request.reply(0);
        });
  }

  /**
   * The leader holds the cluster lock now, so nobody else can: if this node can, it does not guard
   * the cluster.
   */
  private void checkClusterLock(Consumer<String> done) {
    if (!clusterLock.configured()) {
      done.accept(null);
      return;
    }
    long start = node.timers().nowNanos();
    ClusterLock.Attempt[] attempt = new ClusterLock.Attempt[1];
    attempt[0] =
        clusterLock.acquire(
            LOCK_CHECK_SECONDS,
            outcome -> {
              node.statistics()
                  .latency(
                      NodeStatistics.LatencyKind.RECLOCK_CTDBD,
                      (node.timers().nowNanos() - start) / 1e9);
              attempt[0].release();
              done.accept(
                  switch (outcome) {
                    case CONTENDED, TIMEOUT -> null;
                    case HELD ->
                        "cluster lock \""
                            + clusterLockSetting
                            + "\" could be taken here although the leader holds it: is it the same"
                            + " file on every node?";
                    case ERROR -> "cluster lock \"" + clusterLockSetting + "\" cannot be tried";
                  });
            },
            () -> {});
  }

  private Bytes clusterLockName() {
    return clusterLockSetting.isEmpty() ? Bytes.EMPTY : Bytes.ofTerminated(clusterLockSetting);
  }

  // ---- the frame of a recovery

  private void startRecovery(ControlRequest request) {
    phases.notice("Recovery has started");
    recoveryStarted = TimeVal.ofMicros(node.timers().wallClockMicros());
    node.control(
        request.source(),
        Control.GET_RECLOCK_FILE,
        0,
        0,
        0,
        Bytes.EMPTY,
        node.tunable(Tunable.CONTROL_TIMEOUT),
        result -> compareClusterLock(request, result));
  }

  private void compareClusterLock(ControlRequest request, ControlResult leader) {
    if (!leader.ok()) {
      request.fail("node " + request.source() + " does not tell its cluster lock");
      return;
    }
    String theirs = leader.data().text();
    if (!theirs.equals(clusterLockSetting)) {
      String problem =
          "the setting \"cluster lock\" is \""
              + clusterLockSetting
              + "\" here and \""
              + theirs
              + "\" at node "
              + request.source()
              + ": it must be the same on all nodes";
      node.log().error(problem);
      request.fail(problem);
      node.shutdown(1, problem);
      return;
    }
    request.reply(0);
  }

  private void endRecovery(ControlRequest request) {
    hooks.recoveryEnded();
    recoveryFinished = TimeVal.ofMicros(node.timers().wallClockMicros());
    recoveryFinishedNanos = node.timers().nowNanos();
    node.statistics().increment(Counter.NUM_RECOVERIES);
    if (runstate == Runstate.FIRST_RECOVERY) {
      setRunstate(Runstate.STARTUP);
    }
    phases.notice("Recovery has finished");
    request.reply(0);
  }

  // ---- taken out

  /** The node takes no part in the databases any more; what they hold is worthless from now on. */
  void becomeInactive() {
    vnnMap = new VnnMap(Generation.INVALID, vnnMap.lmasters());
    recoveryActive();
    hooks.becomeInactive();
    hooks.freezeAll(all -> frozen = all && recoveryMode == RecoveryMode.ACTIVE);
  }

  // ---- times and roles

  TimeVal started() {
    return started;
  }

  TimeVal recoveryStarted() {
    return recoveryStarted;
  }

  TimeVal recoveryFinished() {
    return recoveryFinished;
  }

  int capabilities() {
    return capabilities;
  }

  private void setRole(ControlRequest request, int capability) {
    boolean on = request.data().getInt(0) != 0;
    capabilities = on ? capabilities | capability : capabilities & ~capability;
    request.reply(0);
  }
}
