// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.NodeMap;

/**
 * One takeover run: asks which public addresses there are and tells all nodes that the allocation
 * is settled, which runs their "ipreallocated" scripts. Addresses that a node of another
 * implementation knows stay where they are.
 */
final class TakeoverRun {
  /** The scripts may take several times as long as a plain question; ctdbd's factor. */
  private static final int SCRIPT_TIMEOUT_FACTOR = 3;

  private final Scope scope;
  private final int self;
  private final boolean failoverDisabled;
  private final IntConsumer culprit;
  private final Consumer<Boolean> done;
  private final NavigableMap<Integer, Integer> credits = new TreeMap<>();
  private TunableValues tunables;
  private List<Integer> connected;

  /**
   * @param culprit gets the node that failed most often, if bans are enabled
   * @param done gets whether nothing failed
   */
  TakeoverRun(
      Scope scope,
      int self,
      boolean failoverDisabled,
      IntConsumer culprit,
      Consumer<Boolean> done) {
    this.scope = scope;
    this.self = self;
    this.failoverDisabled = failoverDisabled;
    this.culprit = culprit;
    this.done = done;
  }

  void start() {
    scope.ask(
        self,
        Question.body(
            Control.GET_ALL_TUNABLES,
            Bytes.EMPTY,
            TunableValues.defaults().get(Tunable.TAKEOVER_TIMEOUT),
            TunableValues::decode),
        this::readNodes,
        this::failed);
  }

  private void readNodes(TunableValues values) {
    tunables = values;
    scope.ask(
        self,
        Question.body(Control.GET_NODEMAP, Bytes.EMPTY, timeoutSeconds(), NodeMap::decode),
        this::readAddresses,
        this::failed);
  }

  private void readAddresses(NodeMap nodes) {
    connected = ClusterView.connected(nodes);
    if (failoverDisabled) {
      reallocated();
      return;
    }
    scope.askAll(
        connected,
        Question.body(
            Control.GET_PUBLIC_IPS, Bytes.EMPTY, timeoutSeconds(), data -> data.getInt(0)),
        this::addressesRead);
  }

  private void addressesRead(Answers<Integer> answers) {
    if (!answers.complete()) {
      failed(answers);
      return;
    }
    var knowing =
        answers.values().entrySet().stream()
            .filter(answer -> answer.getValue() != 0)
            .map(answer -> answer.getKey())
            .toList();
    if (!knowing.isEmpty()) {
      scope
          .log()
          .warning(
              "Nodes "
                  + knowing
                  + " have public addresses, but this leader does not move addresses: they stay"
                  + " where they are. Let a node with ctdbd lead, or use another means of failover");
    }
    reallocated();
  }

  private void reallocated() {
    scope.askAll(
        connected,
        Question.command(
            Control.IPREALLOCATED, Bytes.EMPTY, SCRIPT_TIMEOUT_FACTOR * timeoutSeconds()),
        answers -> {
          if (answers.complete()) {
            done.accept(true);
          } else {
            failed(answers);
          }
        });
  }

  private int timeoutSeconds() {
    return Timeouts.seconds(tunables, Tunable.TAKEOVER_TIMEOUT);
  }

  private void failed(Answers<?> answers) {
    answers.failed().forEach(pnn -> credits.merge(pnn, 1, Integer::sum));
    if (tunables.get(Tunable.ENABLE_BANS) != 0) {
      culprit.accept(
          credits.entrySet().stream()
              .max(NavigableMap.Entry.<Integer, Integer>comparingByValue())
              .orElseThrow()
              .getKey());
    }
    failed(answers.failureText());
  }

  private void failed(String failure) {
    scope.log().error("Takeover run failed: " + failure);
    done.accept(false);
  }
}
