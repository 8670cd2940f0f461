// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ProtocolException;

/** What several nodes answered to one question; ascending by node. */
final class Answers<T> {
  private final Control control;
  private final NavigableMap<Integer, T> values = new TreeMap<>();
  private final NavigableMap<Integer, String> failures = new TreeMap<>();

  Answers(Control control) {
    this.control = control;
  }

  void add(int pnn, Question<T> question, ControlResult result) {
    try {
      values.put(pnn, question.meaning().apply(result));
    } catch (ProtocolException | IndexOutOfBoundsException e) {
      // A body that is too short or does not add up is the node's failure like a bad status.
      failures.put(pnn, e.getMessage());
    }
  }

  int count() {
    return values.size() + failures.size();
  }

  /** Whether no node failed. */
  boolean complete() {
    return failures.isEmpty();
  }

  /** Answers of those that gave one. */
  NavigableMap<Integer, T> values() {
    return values;
  }

  /** The answer of a node that gave one. */
  T of(int pnn) {
    return values.get(pnn);
  }

  /** Those that gave none, or a failure. */
  Set<Integer> failed() {
    return failures.keySet();
  }

  /** For the log: who failed and why. */
  String failureText() {
    return failures.entrySet().stream()
        .map(failure -> control + " on node " + failure.getKey() + ": " + failure.getValue())
        .collect(Collectors.joining("; "));
  }
}
