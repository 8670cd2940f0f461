// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.RandomSource;
import org.ctdbj.recovery.door.Timers;

/**
 * The recovery core of one node: takes part in the election of the leader and, as leader, keeps the
 * cluster in one piece. What ctdbd does in a process of its own, its recovery daemon, this does as
 * a client inside its node.
 *
 * <p>All methods are called on the node thread, and everything runs there; nothing blocks. An
 * instance is started once and stopped once.
 */
public final class RecoveryDaemon {
  private final Scope.Root root;
  private final Scope scope;
  private final ClusterView view;
  private final Leadership leadership;
  private final Election election;
  private final Culprits culprits;
  private final MainLoop loop;
  private final RecoveryMessages messages;

  /**
   * Makes it; nothing happens before {@link #start}.
   *
   * @param broken gets an exception that is a fault of this code. The core has stopped then and its
   *     owner makes a new one, as ctdbd starts its recovery daemon anew when it has died
   */
  public RecoveryDaemon(
      ClusterPort port,
      Timers timers,
      RandomSource random,
      EventLog log,
      ClusterLock lock,
      RecoverySettings settings,
      Consumer<RuntimeException> broken) {
    root =
        new Scope.Root(
            port,
            timers,
            log,
            failure -> {
              log.error("Recovery core stops because of a fault: " + failure);
              stop();
              broken.accept(failure);
            });
    scope = new Scope(root);
    view = new ClusterView(port.pnn(), settings.leaderCapability(), timers.wallClockMicros());
    culprits = new Culprits(view, scope);
    leadership =
        new Leadership(
            view, scope, lock.configured(), settings.leaderTimeoutSeconds(), this::leadershipLost);
    election =
        lock.configured()
            ? new LockElection(view, scope, leadership, lock)
            : new VoteElection(view, scope, leadership, settings.fastStart());
    var bans = new Bans(view, culprits);
    var flags = new FlagReconciliation(view);
    var takeover =
        new TakeoverCycle(
            view, culprits, new Operation("takeover runs", scope), settings.failoverDisabled());
    var recovery =
        new RecoveryCycle(
            view,
            random,
            leadership,
            culprits,
            bans,
            flags,
            takeover,
            new Operation("recoveries", scope));
    var checks = new LeaderChecks(view, leadership, culprits, flags, recovery);
    loop = new MainLoop(view, scope, leadership, bans, checks, recovery, takeover);
    messages =
        new RecoveryMessages(
            view, scope, leadership, culprits, recovery, takeover, settings.memoryReport());
  }

  /** Starts the main loop and listens to messages. */
  public void start() {
    scope.subscribe(Srvid.LEADER, data -> received(data, "LEADER", 4, leadership::onLeader));
    scope.subscribe(Srvid.ELECTION, data -> received(data, "ELECTION", 32, this::vote));
    messages.start();
    leadership.start(election);
    root.beforeEvent(leadership::noticeAbsence);
    loop.start();
  }

  /**
   * Gives up the cluster lock; nothing of this core runs afterwards. Safe to call more than once.
   */
  public void stop() {
    scope.end();
  }

  /** Who leads, as far as this node knows; {@link org.ctdbj.protocol.Pnn#UNKNOWN} if nobody. */
  public int leader() {
    return leadership.leader();
  }

  /**
   * Problems that a node has caused since the last good recovery, as this node has counted them.
   */
  public int banCredits(int pnn) {
    return culprits.credits(pnn);
  }

  private void leadershipLost() {
    loop.leadershipLost();
  }

  private void vote(Bytes data) {
    switch (election) {
      case VoteElection votes -> votes.onVote(data);
      // Whoever has the same configuration sends none; START_RECOVERY finds nodes with another one.
      case LockElection byLock -> scope.log().warning("Vote ignored: a cluster lock is configured");
    }
  }

  private void received(Bytes data, String name, int size, Consumer<Bytes> handler) {
    if (data.length() == size) {
      handler.accept(data);
    } else {
      scope.log().error(name + " message has " + data.length() + " bytes; expected " + size);
    }
  }
}
