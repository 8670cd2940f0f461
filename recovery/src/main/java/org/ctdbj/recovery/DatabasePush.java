// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.body.PullDatabase;

/**
 * Sends the merged records of one database to all nodes, buffer by buffer. Messages are not
 * acknowledged; so that no queue grows without a limit, a question that all nodes have to answer is
 * sent after every few megabytes: packets stay in order, so its answer tells that the node has
 * taken what came before.
 */
final class DatabasePush {
  /**
   * Bytes per node between two such questions. Large enough that a round trip now and then costs
   * nothing, small enough for some dozens of databases at a time.
   */
  static final long WINDOW_BYTES = 4L << 20;

  private final Scope scope;
  private final RecoveryPlan plan;
  private final int databaseId;
  private final long srvid;
  private final MergeTable.Drain buffers;
  private final IntConsumer done;
  private final IntConsumer credit;
  private final Consumer<String> failed;
  private long inFlightBytes;

  /**
   * @param done gets the number of records that all nodes have stored
   * @param credit gets each node that did not store all of them
   * @param failed gets the reason; it or {@code done} runs once
   */
  DatabasePush(
      Scope scope,
      RecoveryPlan plan,
      int databaseId,
      long srvid,
      MergeTable.Drain buffers,
      IntConsumer done,
      IntConsumer credit,
      Consumer<String> failed) {
    this.scope = scope;
    this.plan = plan;
    this.databaseId = databaseId;
    this.srvid = srvid;
    this.buffers = buffers;
    this.done = done;
    this.credit = credit;
    this.failed = failed;
  }

  void start() {
    tellAll(
        Question.command(
            Control.DB_PUSH_START,
            new PullDatabase(databaseId, Pnn.UNKNOWN, srvid).encode(),
            plan.timeoutSeconds()),
        answers -> next());
  }

  /** One buffer per event: the node has other work too. */
  private void next() {
    if (!buffers.hasNext()) {
      confirm();
      return;
    }
    var buffer = buffers.next();
    for (int pnn : plan.nodes()) {
      scope.message(pnn, srvid, buffer);
    }
    inFlightBytes += buffer.length();
    if (inFlightBytes < WINDOW_BYTES || !buffers.hasNext()) {
      scope.soon(this::next);
      return;
    }
    inFlightBytes = 0;
    tellAll(Question.status(Control.PING, plan.timeoutSeconds()), answers -> next());
  }

  private void confirm() {
    tellAll(
        Question.body(
            Control.DB_PUSH_CONFIRM,
            Bytes.ofInt(databaseId),
            plan.timeoutSeconds(),
            data -> data.getInt(0)),
        this::compareCounts);
  }

  private void compareCounts(Answers<Integer> answers) {
    var lacking =
        answers.values().entrySet().stream()
            .filter(answer -> answer.getValue() != buffers.count())
            .toList();
    if (lacking.isEmpty()) {
      done.accept(buffers.count());
      return;
    }
    lacking.forEach(answer -> credit.accept(answer.getKey()));
    failed.accept(
        lacking.stream()
            .map(
                answer ->
                    "node %d stored %d of %d records"
                        .formatted(answer.getKey(), answer.getValue(), buffers.count()))
            .collect(Collectors.joining("; ")));
  }

  private <T> void tellAll(Question<T> question, Consumer<Answers<T>> then) {
    scope.askAll(
        plan.nodes(),
        question,
        answers -> {
          if (answers.complete()) {
            then.accept(answers);
          } else {
            failed.accept(answers.failureText());
          }
        });
  }
}
