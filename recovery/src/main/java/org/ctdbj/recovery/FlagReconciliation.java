// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.function.Consumer;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.NodeMap;

/**
 * Makes all nodes see the same flags. A node is the authority for its own flags; that it is
 * disconnected is each observer's private opinion and left alone.
 */
final class FlagReconciliation {
  private final ClusterView view;

  FlagReconciliation(ClusterView view) {
    this.view = view;
  }

  /**
   * Compares what all nodes say and corrects those who are wrong, the own node included.
   *
   * @param remoteMaps node maps of the other connected nodes
   */
  void run(
      Scope scope,
      NavigableMap<Integer, NodeMap> remoteMaps,
      Runnable then,
      Consumer<String> failed) {
    var changes = new ArrayList<NodeFlagChange>();
    var corrected = new ArrayList<NodeMap.Node>();
    for (var node : view.nodes().nodes()) {
      var change = change(node, remoteMaps);
      if (change != null) {
        changes.add(change);
      }
      corrected.add(
          change == null ? node : new NodeMap.Node(node.pnn(), change.newFlags(), node.address()));
    }
    view.nodes(new NodeMap(corrected));
    push(scope, changes, then, failed);
  }

  /** Tells all connected nodes the leader's view of all nodes that are not disconnected. */
  void pushAll(Scope scope, Runnable then, Consumer<String> failed) {
    var changes =
        view.nodes().nodes().stream()
            .filter(node -> (node.flags() & NodeFlags.DISCONNECTED) == 0)
            .map(node -> new NodeFlagChange(node.pnn(), node.flags(), node.flags()))
            .toList();
    push(scope, changes, then, failed);
  }

  private NodeFlagChange change(NodeMap.Node node, NavigableMap<Integer, NodeMap> remoteMaps) {
    if ((node.flags() & (NodeFlags.DISCONNECTED | NodeFlags.DELETED)) != 0) {
      return null;
    }
    int truth = node.flags();
    if (node.pnn() != view.pnn()) {
      var own = remoteMaps.get(node.pnn());
      if (own == null) {
        return null;
      }
      truth = ClusterView.flags(own, node.pnn()) & ~NodeFlags.DISCONNECTED;
    }
    if (node.flags() != truth) {
      return new NodeFlagChange(node.pnn(), truth, node.flags());
    }
    for (var map : remoteMaps.values()) {
      int theirs = ClusterView.flags(map, node.pnn());
      // Whoever sees the node as disconnected ignores what it is told about its other flags.
      if ((theirs & NodeFlags.DISCONNECTED) == 0 && theirs != truth) {
        return new NodeFlagChange(node.pnn(), truth, theirs);
      }
    }
    return null;
  }

  private void push(
      Scope scope, List<NodeFlagChange> changes, Runnable then, Consumer<String> failed) {
    if (changes.isEmpty()) {
      then.run();
      return;
    }
    var first = changes.getFirst();
    if (first.oldFlags() != first.newFlags()) {
      scope
          .log()
          .notice(
              "Node "
                  + first.pnn()
                  + " has flags 0x"
                  + Integer.toHexString(first.newFlags())
                  + ", was seen with 0x"
                  + Integer.toHexString(first.oldFlags()));
    }
    scope.askAll(
        view.connected(),
        Question.command(Control.MODIFY_FLAGS, first.encode(), view.controlTimeoutSeconds()),
        answers -> {
          if (answers.complete()) {
            push(scope, changes.subList(1, changes.size()), then, failed);
          } else {
            failed.accept(answers.failureText());
          }
        });
  }
}
