// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.body.DisableMessage;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SrvidMessage;

/** The requests that other nodes, tools and the own daemon send to a recovery core as messages. */
final class RecoveryMessages {
  /**
   * errno EAGAIN, negated: what a requester gets while the thing it wants to disable is in
   * progress.
   */
  private static final int IN_PROGRESS = -11;

  private final ClusterView view;
  private final Scope scope;
  private final Leadership leadership;
  private final Culprits culprits;
  private final RecoveryCycle recovery;
  private final TakeoverCycle takeover;
  private final Supplier<String> memoryReport;

  RecoveryMessages(
      ClusterView view,
      Scope scope,
      Leadership leadership,
      Culprits culprits,
      RecoveryCycle recovery,
      TakeoverCycle takeover,
      Supplier<String> memoryReport) {
    this.view = view;
    this.scope = scope;
    this.leadership = leadership;
    this.culprits = culprits;
    this.recovery = recovery;
    this.takeover = takeover;
    this.memoryReport = memoryReport;
  }

  /** Listens from now on. */
  void start() {
    listen(Srvid.BANNING, "BANNING", 4, this::onBanning);
    listen(Srvid.PUSH_NODE_FLAGS, "PUSH_NODE_FLAGS", 12, this::onPushNodeFlags);
    scope.subscribe(
        Srvid.RELOAD_NODES,
        data ->
            scope.log().notice("The nodes file was reloaded: the next pass sees the new nodes"));
    listen(Srvid.TAKEOVER_RUN, "TAKEOVER_RUN", 16, this::onTakeoverRun);
    listen(
        Srvid.REBALANCE_NODE,
        "REBALANCE_NODE",
        4,
        data -> scope.log().info("REBALANCE_NODE ignored: this node moves no public addresses"));
    listen(
        Srvid.DISABLE_TAKEOVER_RUNS,
        "DISABLE_TAKEOVER_RUNS",
        24,
        data -> onDisable(data, takeover::disable));
    listen(
        Srvid.DISABLE_RECOVERIES,
        "DISABLE_RECOVERIES",
        24,
        data -> onDisable(data, recovery::disable));
    listen(Srvid.DISABLE_IP_CHECK, "DISABLE_IP_CHECK", 4, data -> takeover.disable(data.getInt(0)));
    listen(Srvid.MEM_DUMP, "MEM_DUMP", 16, this::onMemoryDump);
    scope.subscribe(
        Srvid.SET_NODE_FLAGS,
        data -> scope.log().error("SET_NODE_FLAGS message ignored: it is obsolete"));
  }

  /** A message of another size is logged and dropped, as ctdbd does. */
  private void listen(long srvid, String name, int size, Consumer<Bytes> handler) {
    scope.subscribe(
        srvid,
        data -> {
          if (data.length() == size) {
            handler.accept(data);
          } else {
            scope.log().error(name + " message has " + data.length() + " bytes; expected " + size);
          }
        });
  }

  private void onBanning(Bytes data) {
    if (leadership.isLeader()) {
      culprits.report(data.getInt(0), view.nodeCount());
    }
  }

  /** The own node's flags have changed: everybody that the leader reaches is told. */
  private void onPushNodeFlags(Bytes data) {
    int source = leadership.leader() == Pnn.UNKNOWN ? view.pnn() : leadership.leader();
    scope.ask(
        source,
        Question.body(
            Control.GET_NODEMAP, Bytes.EMPTY, view.controlTimeoutSeconds(), NodeMap::decode),
        map -> pushFlags(map, data),
        failure -> scope.log().error("Node flags not pushed: " + failure));
  }

  private void pushFlags(NodeMap map, Bytes change) {
    scope.askAll(
        ClusterView.connected(map),
        Question.command(
            Control.MODIFY_FLAGS,
            NodeFlagChange.decode(change).encode(),
            view.controlTimeoutSeconds()),
        answers -> {
          if (!answers.complete()) {
            scope.log().warning("Node flags not pushed to all nodes: " + answers.failureText());
          }
        });
  }

  private void onTakeoverRun(Bytes data) {
    takeover.request(SrvidMessage.decode(data));
  }

  private void onDisable(Bytes data, IntPredicate disable) {
    var message = DisableMessage.decode(data);
    boolean done = disable.test(message.seconds());
    if (message.srvid() != 0) {
      scope.message(message.pnn(), message.srvid(), Bytes.ofInt(done ? view.pnn() : IN_PROGRESS));
    }
  }

  private void onMemoryDump(Bytes data) {
    var message = SrvidMessage.decode(data);
    scope.message(message.pnn(), message.srvid(), Bytes.ofText(memoryReport.get()));
  }
}
