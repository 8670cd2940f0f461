// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.node.NodeStatistics.LatencyKind;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.recovery.door.Timers.Timer;

/** UPDATE_RECORD: stores records in one transaction of the local file. Node thread. */
final class RecordUpdates {
  private static final int WRITE_FAILED = 1;

  private final NodeServices node;
  private final Databases databases;
  private final Health health;

  RecordUpdates(NodeServices node, Databases databases, Health health) {
    this.node = node;
    this.databases = databases;
    this.health = health;
  }

  void register(ControlTable controls) {
    controls.register(Control.UPDATE_RECORD, this::update);
  }

  private void update(ControlRequest request) {
    var buffer = RecordBuffer.decode(request.data());
    if (node.recoveryMode() != RecoveryMode.NORMAL) {
      request.fail("UPDATE_RECORD: refused during a recovery");
      return;
    }
    Database database = databases.named(request, buffer.databaseId());
    if (database == null) {
      return;
    }
    if (!health.isHealthy(database)) {
      request.fail("UPDATE_RECORD: database " + database + " is unhealthy");
      return;
    }
    buffer.records().forEach(record -> RecordHeader.decode(record.data()));
    new Update(request).run(database, buffer);
  }

  private final class Update {
    private final ControlRequest request;
    private final long startNanos = node.timers().nowNanos();
    private Timer timer;
    private boolean answered;

    Update(ControlRequest request) {
      this.request = request;
    }

    void run(Database database, RecordBuffer buffer) {
      node.statistics().increment(Counter.CHILDWRITE_CALLS);
      node.statistics().increment(Counter.PENDING_CHILDWRITE_CALLS);
      long seconds = Integer.toUnsignedLong(node.tunable(Tunable.CONTROL_TIMEOUT));
      timer =
          node.timers()
              .scheduleSeconds(
                  seconds,
                  () -> {
                    if (end()) {
                      request.fail("timeout in ctdb_persistent_lock");
                    }
                  });
      database
          .store()
          .update(
              buffer.records(),
              database.isVolatile(),
              database.engine().storeRule(),
              result -> {
                if (!result.ok()) {
                  node.log().error("UPDATE_RECORD: " + result.error());
                }
                if (end()) {
                  request.reply(result.ok() ? 0 : WRITE_FAILED);
                }
              });
    }

    private boolean end() {
      if (answered) {
        return false;
      }
      answered = true;
      timer.cancel();
      node.statistics().add(Counter.PENDING_CHILDWRITE_CALLS, -1);
      node.statistics()
          .latency(LatencyKind.CHILDWRITE, (node.timers().nowNanos() - startNanos) / 1e9);
      return true;
    }
  }
}
