// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.TransactionDatabase;

/**
 * One attempt to recover one database: on all nodes, freeze it and open a transaction, collect the
 * records, replace them by the merged ones, commit and thaw.
 */
final class DatabaseAttempt {
  private final Scope scope;
  private final RecoveryPlan plan;
  private final ClusterDatabase database;
  private final SrvidSequence srvids;
  private final IntConsumer credit;
  private final Runnable done;
  private final Consumer<String> failed;
  private final MergeTable table;
  private String name = "";
  private int pullsLeft;
  private String pullFailure = "";

  /**
   * @param credit gets a node that made the attempt fail
   * @param failed gets the reason; it or {@code done} runs once
   */
  DatabaseAttempt(
      Scope scope,
      RecoveryPlan plan,
      ClusterDatabase database,
      SrvidSequence srvids,
      IntConsumer credit,
      Runnable done,
      Consumer<String> failed) {
    this.scope = scope;
    this.plan = plan;
    this.database = database;
    this.srvids = srvids;
    this.credit = credit;
    this.done = done;
    this.failed = failed;
    this.table = new MergeTable(plan.leader());
  }

  void start() {
    scope.askAll(
        database.holders(),
        Question.body(Control.GET_DBNAME, id(), plan.timeoutSeconds(), Bytes::text),
        this::compareNames);
  }

  private void compareNames(Answers<String> answers) {
    if (!answers.complete()) {
      failed.accept(answers.failureText());
      return;
    }
    name = answers.of(database.holders().getFirst());
    for (var answer : answers.values().entrySet()) {
      if (!answer.getValue().equals(name)) {
        credit.accept(answer.getKey());
        failed.accept(
            "node "
                + answer.getKey()
                + " calls it \""
                + answer.getValue()
                + "\", node "
                + database.holders().getFirst()
                + " \""
                + name
                + "\"");
        return;
      }
    }
    attach();
  }

  private void attach() {
    var lacking = plan.nodes().stream().filter(node -> !database.holders().contains(node)).toList();
    scope.askAll(
        lacking,
        Question.body(
                database.attachControl(),
                Bytes.ofTerminated(name),
                plan.timeoutSeconds(),
                data -> data.getInt(0))
            .withFlags(ControlFlags.ATTACH_RECOVERY),
        answers -> goOn(answers, true, this::freeze));
  }

  private void freeze() {
    scope.askAll(
        plan.nodes(),
        command(Control.DB_FREEZE, id()),
        answers -> goOn(answers, true, this::startTransaction));
  }

  private void startTransaction() {
    tellAll(Control.DB_TRANSACTION_START, transaction(), this::collect);
  }

  private void collect() {
    if (database.isVolatile()) {
      pull(plan.nodes());
      return;
    }
    scope.askAll(
        plan.nodes(),
        Question.body(
            Control.GET_DB_SEQNUM,
            new ByteWriter(8).putInt(database.id()).putInt(0).toBytes(),
            plan.timeoutSeconds(),
            data -> data.getLong(0)),
        answers -> goOn(answers, false, () -> pull(List.of(newest(answers)))));
  }

  /** The node with the highest sequence number, the first among equals. */
  private int newest(Answers<Long> answers) {
    Map.Entry<Integer, Long> best = null;
    for (var answer : answers.values().entrySet()) {
      if (best == null || Long.compareUnsigned(answer.getValue(), best.getValue()) > 0) {
        best = answer;
      }
    }
    if (best == null) {
      throw new IllegalStateException("no node takes part in the recovery");
    }
    int node = best.getKey();
    scope
        .log()
        .info(
            "Database "
                + name
                + ": node "
                + node
                + " has the highest sequence number "
                + Long.toUnsignedString(best.getValue()));
    return node;
  }

  /**
   * All at the same time: each pull has a service id of its own, and the merge does not depend on
   * the order.
   */
  private void pull(List<Integer> sources) {
    pullsLeft = sources.size();
    for (int source : sources) {
      new DatabasePull(
              scope.child(),
              plan,
              database.id(),
              source,
              srvids.next(),
              table,
              count -> pulled(source, count),
              failure -> pullFailed(source, failure))
          .start();
    }
  }

  private void pulled(int source, int count) {
    scope.log().info("Pulled " + count + " records of database " + name + " from node " + source);
    pullEnded();
  }

  private void pullFailed(int source, String failure) {
    credit.accept(source);
    pullFailure +=
        (pullFailure.isEmpty() ? "" : "; ") + "pull from node " + source + ": " + failure;
    pullEnded();
  }

  private void pullEnded() {
    pullsLeft--;
    if (pullsLeft > 0) {
      return;
    }
    if (pullFailure.isEmpty()) {
      tellAll(Control.WIPE_DATABASE, transaction(), this::push);
    } else {
      failed.accept(pullFailure);
    }
  }

  private void push() {
    new DatabasePush(
            scope,
            plan,
            database.id(),
            srvids.next(),
            table.drain(
                database.id(),
                Integer.toUnsignedLong(plan.tunables().get(Tunable.REC_BUFFER_SIZE_LIMIT)),
                !database.isPersistent()),
            this::pushed,
            this::storesNot,
            failed)
        .start();
  }

  private void pushed(int count) {
    scope.log().info("Pushed " + count + " records of database " + name + " to all nodes");
    scope.askAll(
        plan.nodes(),
        command(Control.DB_TRANSACTION_COMMIT, transaction()),
        answers -> {
          answers.failed().forEach(this::storesNot);
          goOn(answers, false, () -> tellAll(Control.DB_THAW, id(), this::thawed));
        });
  }

  /**
   * A node that cannot write what it is sent (full or broken disk) would fail every recovery: the
   * others must be able to go on without it. With ctdbd it fails them for ever. Alone there is
   * nobody who could, and a ban would only delay the recovery after there is room again.
   */
  private void storesNot(int pnn) {
    if (plan.nodes().size() > 1) {
      credit.accept(pnn);
    }
  }

  private void thawed() {
    scope.log().info("Database " + name + " is recovered");
    done.run();
  }

  private void tellAll(Control control, Bytes data, Runnable then) {
    scope.askAll(plan.nodes(), command(control, data), answers -> goOn(answers, false, then));
  }

  private void goOn(Answers<?> answers, boolean creditFailures, Runnable then) {
    if (answers.complete()) {
      then.run();
      return;
    }
    if (creditFailures) {
      answers.failed().forEach(credit::accept);
    }
    failed.accept(answers.failureText());
  }

  private Question<Boolean> command(Control control, Bytes data) {
    return Question.command(control, data, plan.timeoutSeconds());
  }

  private Bytes id() {
    return Bytes.ofInt(database.id());
  }

  private Bytes transaction() {
    return new TransactionDatabase(database.id(), plan.generation()).encode();
  }
}
