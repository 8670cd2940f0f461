// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.body.PullDatabase;
import org.ctdbj.protocol.body.RecordBuffer;

/**
 * Fetches all records that one node has in one database; they come as messages before the answer to
 * the control.
 */
final class DatabasePull {
  private final Scope scope;
  private final RecoveryPlan plan;
  private final int databaseId;
  private final int source;
  private final long srvid;
  private final MergeTable table;
  private final IntConsumer done;
  private final Consumer<String> failed;
  private int received;
  private String damage = "";

  /**
   * @param scope of this pull alone; it ends it
   * @param srvid never used before
   * @param table gets the records
   * @param done gets their number
   * @param failed gets the reason; it or {@code done} runs once
   */
  DatabasePull(
      Scope scope,
      RecoveryPlan plan,
      int databaseId,
      int source,
      long srvid,
      MergeTable table,
      IntConsumer done,
      Consumer<String> failed) {
    this.scope = scope;
    this.plan = plan;
    this.databaseId = databaseId;
    this.source = source;
    this.srvid = srvid;
    this.table = table;
    this.done = done;
    this.failed = failed;
  }

  void start() {
    scope.subscribe(srvid, this::onRecords);
    scope.ask(
        source,
        Question.body(
            Control.DB_PULL,
            new PullDatabase(databaseId, Pnn.UNKNOWN, srvid).encode(),
            plan.timeoutSeconds(),
            data -> data.getInt(0)),
        this::answered,
        failure -> {
          scope.end();
          failed.accept(failure);
        });
  }

  private void onRecords(Bytes data) {
    if (!damage.isEmpty()) {
      return;
    }
    try {
      var buffer = RecordBuffer.decode(data);
      if (buffer.databaseId() != databaseId) {
        damage = String.format("records of database 0x%08x among them", buffer.databaseId());
        return;
      }
      for (var record : buffer.records()) {
        table.add(record.key(), record.data(), source);
        received++;
      }
    } catch (ProtocolException e) {
      damage = e.getMessage();
    }
  }

  private void answered(int announced) {
    scope.end();
    if (!damage.isEmpty()) {
      failed.accept(damage);
    } else if (announced != received) {
      failed.accept(received + " records came, " + announced + " were announced");
    } else {
      done.accept(received);
    }
  }
}
