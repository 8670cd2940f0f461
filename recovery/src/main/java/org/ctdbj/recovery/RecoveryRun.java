// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.DatabaseMap;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.VnnMap;

/**
 * Rebuilds the cluster's databases under a new generation: everybody into recovery mode, the new
 * VNN map to everybody, all databases, everybody out of recovery mode. Any failure ends it; whoever
 * started it starts another one. It leaves nothing behind that another run could not start from:
 * databases that stay frozen with an open transaction are frozen already for the next one.
 */
final class RecoveryRun {
  private static final int COMPARED_FLAGS =
      ~(DatabaseFlags.READONLY | DatabaseFlags.STICKY); // these may be set later on some nodes

  private final Scope scope;
  private final int self;
  private final int generation;
  private final int firstTimeoutSeconds;
  private final SrvidSequence srvids;
  private final DoubleConsumer done;
  private final Consumer<String> failed;
  private final long startNanos;
  private RecoveryPlan plan;
  private List<ClusterDatabase> databases = List.of();

  /**
   * @param done gets the duration in seconds
   * @param failed gets the reason
   */
  RecoveryRun(
      Scope scope,
      int self,
      int generation,
      int firstTimeoutSeconds,
      SrvidSequence srvids,
      DoubleConsumer done,
      Consumer<String> failed) {
    this.scope = scope;
    this.self = self;
    this.generation = generation;
    this.firstTimeoutSeconds = firstTimeoutSeconds;
    this.srvids = srvids;
    this.done = done;
    this.failed = failed;
    this.startNanos = scope.nowNanos();
  }

  void start() {
    scope.ask(
        self,
        Question.body(
            Control.GET_ALL_TUNABLES, Bytes.EMPTY, firstTimeoutSeconds, TunableValues::decode),
        this::readOwnNodes,
        failed);
  }

  private void readOwnNodes(TunableValues tunables) {
    plan = new RecoveryPlan(self, generation, List.of(), tunables);
    scope.ask(self, nodeMap(), this::readNodeMaps, failed);
  }

  private void readNodeMaps(NodeMap own) {
    scope.askAll(ClusterView.connected(own), nodeMap(), this::chooseNodes);
  }

  private void chooseNodes(Answers<NodeMap> answers) {
    if (!answers.complete()) {
      failed.accept(answers.failureText());
      return;
    }
    // Each node is the authority for whether it takes part.
    var nodes =
        answers.values().entrySet().stream()
            .filter(
                answer ->
                    !NodeFlags.isInactive(ClusterView.flags(answer.getValue(), answer.getKey())))
            .map(answer -> answer.getKey())
            .toList();
    if (!nodes.contains(self)) {
      failed.accept("this node itself is inactive");
      return;
    }
    plan = new RecoveryPlan(self, generation, nodes, plan.tunables());
    scope.askAll(
        nodes,
        Question.body(
            Control.GET_CAPABILITIES, Bytes.EMPTY, plan.timeoutSeconds(), data -> data.getInt(0)),
        this::readDatabases);
  }

  private void readDatabases(Answers<Integer> capabilities) {
    if (!capabilities.complete()) {
      failed.accept(capabilities.failureText());
      return;
    }
    var map =
        new VnnMap(
            generation, ClusterView.locationMasters(plan.nodes(), capabilities.values(), self));
    scope.askAll(
        plan.nodes(),
        Question.body(Control.GET_DBMAP, Bytes.EMPTY, plan.timeoutSeconds(), DatabaseMap::decode),
        answers -> unite(answers, map));
  }

  private void unite(Answers<DatabaseMap> answers, VnnMap map) {
    if (!answers.complete()) {
      failed.accept(answers.failureText());
      return;
    }
    var flags = new TreeMap<Integer, Integer>(Integer::compareUnsigned);
    NavigableMap<Integer, TreeSet<Integer>> holders = new TreeMap<>(Integer::compareUnsigned);
    for (var answer : answers.values().entrySet()) {
      for (var entry : answer.getValue().entries()) {
        int wanted = entry.flags() & COMPARED_FLAGS;
        Integer known = flags.putIfAbsent(entry.id(), wanted);
        if (known != null && known != wanted) {
          failed.accept(
              String.format(
                  "database 0x%08x has flags 0x%x on node %s, 0x%x elsewhere",
                  entry.id(), wanted, Pnn.toString(answer.getKey()), known));
          return;
        }
        holders.computeIfAbsent(entry.id(), id -> new TreeSet<>()).add(answer.getKey());
      }
    }
    var all = new ArrayList<ClusterDatabase>();
    holders.forEach(
        (id, nodes) -> all.add(new ClusterDatabase(id, flags.get(id), List.copyOf(nodes))));
    databases = all;
    scope
        .log()
        .notice(
            "Recovery of "
                + databases.size()
                + " databases on nodes "
                + plan.nodes()
                + ", generation "
                + Integer.toUnsignedString(generation));
    tellAll(Control.SET_RECMODE, mode(RecoveryMode.ACTIVE), () -> startRecovery(map));
  }

  private void startRecovery(VnnMap map) {
    scope.log().info("Recovery mode is ACTIVE on all nodes");
    tellAll(Control.START_RECOVERY, Bytes.EMPTY, () -> setMap(map));
  }

  private void setMap(VnnMap map) {
    scope.log().info("\"startrecovery\" has run on all nodes");
    tellAll(Control.SETVNNMAP, map.encode(), this::recoverDatabases);
  }

  private void recoverDatabases() {
    scope.log().info("VNN map is set on all nodes");
    new AllDatabases(scope, plan, databases, srvids, this::databasesRecovered, failed).start();
  }

  private void databasesRecovered() {
    scope.log().info(databases.size() + " databases are recovered");
    scope.askAll(plan.nodes(), nodeMap(), this::checkNodes);
  }

  /**
   * A node that was stopped or banned in the meantime must not be put to work again. ctdbd 4.17
   * does not look and relies on the node's refusal, which does not come if all its databases had
   * been committed before.
   */
  private void checkNodes(Answers<NodeMap> answers) {
    if (!answers.complete()) {
      failed.accept(answers.failureText());
      return;
    }
    for (var answer : answers.values().entrySet()) {
      if (NodeFlags.isInactive(ClusterView.flags(answer.getValue(), answer.getKey()))) {
        failed.accept("node " + answer.getKey() + " has become inactive");
        return;
      }
    }
    tellAll(Control.SET_RECMODE, mode(RecoveryMode.NORMAL), this::endRecovery);
  }

  private void endRecovery() {
    scope.log().info("Recovery mode is NORMAL on all nodes");
    tellAll(
        Control.END_RECOVERY,
        Bytes.EMPTY,
        () -> done.accept((scope.nowNanos() - startNanos) / 1e9));
  }

  private void tellAll(Control control, Bytes data, Runnable then) {
    scope.askAll(
        plan.nodes(),
        Question.command(control, data, plan.timeoutSeconds()),
        answers -> {
          if (answers.complete()) {
            then.run();
          } else {
            failed.accept(answers.failureText());
          }
        });
  }

  private Question<NodeMap> nodeMap() {
    return Question.body(Control.GET_NODEMAP, Bytes.EMPTY, plan.timeoutSeconds(), NodeMap::decode);
  }

  private static Bytes mode(RecoveryMode mode) {
    return Bytes.ofInt(mode.number());
  }
}
