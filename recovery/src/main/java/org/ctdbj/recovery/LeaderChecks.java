// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.VnnMap;

/** What the leader looks at in each pass: does the cluster agree, or does it need a recovery? */
final class LeaderChecks {
  /** What has come out. */
  enum Verdict {
    /** Something failed: once more in the next pass. */
    END_PASS,
    /** All is well. */
    GOOD,
    /** A recovery is needed; the culprit, if there is one, has been reported. */
    RECOVER
  }

  private final ClusterView view;
  private final Leadership leadership;
  private final Culprits culprits;
  private final FlagReconciliation flags;
  private final RecoveryCycle recovery;
  private Scope pass;
  private Consumer<Verdict> done;
  private NavigableMap<Integer, NodeMap> remoteMaps = new TreeMap<>();
  private VnnMap ownMap;

  LeaderChecks(
      ClusterView view,
      Leadership leadership,
      Culprits culprits,
      FlagReconciliation flags,
      RecoveryCycle recovery) {
    this.view = view;
    this.leadership = leadership;
    this.culprits = culprits;
    this.flags = flags;
    this.recovery = recovery;
  }

  /** Looks at everything once. */
  void run(Scope thisPass, Consumer<Verdict> verdict) {
    pass = thisPass;
    done = verdict;
    pass.askAll(
        view.others(view.connected()),
        Question.body(
            Control.GET_NODEMAP, Bytes.EMPTY, view.controlTimeoutSeconds(), NodeMap::decode),
        this::nodeMapsRead);
  }

  private void nodeMapsRead(Answers<NodeMap> answers) {
    if (!answers.complete()) {
      answers.failed().forEach(pnn -> culprits.report(pnn, 1));
      failed(answers.failureText());
      return;
    }
    remoteMaps = answers.values();
    flags.run(pass, remoteMaps, this::readOwnMap, this::failed);
  }

  private void readOwnMap() {
    pass.ask(view.pnn(), vnnMap(), this::ownMapRead, this::failed);
  }

  private void ownMapRead(VnnMap map) {
    ownMap = map;
    if (recovery.needed()) {
      done.accept(Verdict.RECOVER);
      return;
    }
    pass.askAll(
        view.active(),
        Question.status(Control.GET_RECMODE, view.controlTimeoutSeconds()),
        this::modesRead);
  }

  private void modesRead(Answers<Integer> answers) {
    for (var answer : answers.values().entrySet()) {
      if (answer.getValue() == RecoveryMode.ACTIVE.number()) {
        pass.log().notice("Node " + answer.getKey() + " is in recovery mode");
        done.accept(Verdict.RECOVER);
        return;
      }
    }
    if (!answers.complete()) {
      failed(answers.failureText());
    } else if (!leadership.mayLead()) {
      recoverBecause(view.pnn(), "is leader but does not hold the cluster lock");
    } else if (recovery.disabled()) {
      done.accept(Verdict.GOOD);
    } else {
      compareNodeLists();
    }
  }

  private void compareNodeLists() {
    var own = numbers(view.nodes());
    for (int pnn : view.others(view.active())) {
      var theirs = remoteMaps.get(pnn);
      if (theirs == null || !numbers(theirs).equals(own)) {
        recoverBecause(pnn, "has another list of nodes");
        return;
      }
    }
    compareOwnMap();
  }

  private void compareOwnMap() {
    var expected = view.locationMasters(view.pnn());
    var present = new HashSet<>(ownMap.lmasters());
    if (ownMap.lmasters().size() != expected.size()) {
      recoverBecause(
          view.pnn(),
          "has a VNN map of "
              + ownMap.lmasters().size()
              + " nodes, there are "
              + expected.size()
              + " active lmasters");
      return;
    }
    for (int pnn : expected) {
      if (!present.contains(pnn)) {
        recoverBecause(pnn, "is an active lmaster but not in the VNN map");
        return;
      }
    }
    pass.askAll(view.others(view.active()), vnnMap(), this::remoteVnnMapsRead);
  }

  private void remoteVnnMapsRead(Answers<VnnMap> answers) {
    if (!answers.complete()) {
      failed(answers.failureText());
      return;
    }
    for (var answer : answers.values().entrySet()) {
      var theirs = answer.getValue();
      if (theirs.generation() != ownMap.generation()) {
        recoverBecause(
            answer.getKey(),
            "has generation "
                + Integer.toUnsignedString(theirs.generation())
                + " instead of "
                + Integer.toUnsignedString(ownMap.generation()));
        return;
      }
      if (!theirs.lmasters().equals(ownMap.lmasters())) {
        recoverBecause(answer.getKey(), "has another VNN map");
        return;
      }
    }
    done.accept(Verdict.GOOD);
  }

  private void recoverBecause(int pnn, String reason) {
    pass.log().notice("Node " + pnn + " " + reason);
    culprits.report(pnn, 1);
    done.accept(Verdict.RECOVER);
  }

  private void failed(String failure) {
    pass.log().error("Leader check: " + failure);
    done.accept(Verdict.END_PASS);
  }

  private Question<VnnMap> vnnMap() {
    return Question.body(
        Control.GETVNNMAP, Bytes.EMPTY, view.controlTimeoutSeconds(), VnnMap::decode);
  }

  private static List<Integer> numbers(NodeMap map) {
    return map.nodes().stream().map(NodeMap.Node::pnn).toList();
  }
}
