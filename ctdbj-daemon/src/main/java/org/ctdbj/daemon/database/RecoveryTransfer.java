// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.store.RecordSink;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.PullDatabase;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;

/**
 * The records of a recovery: DB_PULL sends all of a frozen database to the leader, DB_PUSH_START
 * and DB_PUSH_CONFIRM enclose the messages with which the leader sends what is to be stored. Node
 * thread.
 */
final class RecoveryTransfer {
  private final NodeServices node;
  private final Databases databases;
  private final Map<Database, Push> pushes = new HashMap<>();

  RecoveryTransfer(NodeServices node, Databases databases) {
    this.node = node;
    this.databases = databases;
  }

  void register(ControlTable controls) {
    controls.register(Control.DB_PULL, this::pull);
    controls.register(Control.DB_PUSH_START, this::pushStart);
    controls.register(Control.DB_PUSH_CONFIRM, this::pushConfirm);
  }

  private void pull(ControlRequest request) {
    var body = PullDatabase.decode(request.data());
    Database database = inTransaction(request);
    if (database == null) {
      return;
    }
    if (database.isInvalid()) {
      request.reply(Bytes.ofInt(0));
      return;
    }
    long limit = Integer.toUnsignedLong(node.tunable(Tunable.REC_BUFFER_SIZE_LIMIT));
    int batchBytes = (int) Math.clamp(limit - RecordBuffer.PREFIX, 1L, Integer.MAX_VALUE);
    RecordSink sink =
        (count, records) -> {
          var message =
              new ByteWriter(RecordBuffer.PREFIX + records.length())
                  .putInt(database.id())
                  .putInt(count)
                  .put(records);
          node.message(request.source(), body.srvid(), message.toBytes());
        };
    database
        .store()
        .pull(
            batchBytes,
            sink,
            result -> {
              if (result.ok()) {
                request.reply(Bytes.ofInt(result.value()));
              } else {
                node.log().error("DB_PULL: " + result.error());
                request.fail(result.error());
              }
            });
  }

  private void pushStart(ControlRequest request) {
    var body = PullDatabase.decode(request.data());
    Database database = inTransaction(request);
    if (database == null) {
      return;
    }
    Push before = pushes.remove(database);
    if (before != null) {
      before.end();
    }
    var push = new Push(database, body.srvid());
    pushes.put(database, push);
    push.begin();
    request.reply(0);
  }

  private void pushConfirm(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    Push push = pushes.get(database);
    if (push == null || !database.isFrozen()) {
      request.fail("DB_PUSH_CONFIRM: database " + database + " is not being recovered");
      return;
    }
    pushes.remove(database);
    push.end();
    push.whenStored(
        stored -> {
          database.engine().recoveryPushed();
          request.reply(Bytes.ofInt(stored));
        });
  }

  private Database inTransaction(ControlRequest request) {
    Database database = databases.named(request);
    if (database != null && !database.inTransaction()) {
      request.fail(
          request.control() + ": database " + database + " is not frozen with a transaction open");
      return null;
    }
    return database;
  }

  /** One series of messages with records. */
  private final class Push {
    private final Database database;
    private final long srvid;
    private final Consumer<Bytes> receiver = this::receive;
    private final Runnable detached = this::detached;
    private int storing;
    private int stored;
    private Consumer<Integer> done;

    Push(Database database, long srvid) {
      this.database = database;
      this.srvid = srvid;
    }

    void begin() {
      node.subscribe(srvid, receiver);
      database.onDetach(detached);
    }

    void end() {
      node.unsubscribe(srvid, receiver);
      database.notOnDetach(detached);
    }

    private void detached() {
      pushes.remove(database, this);
      end();
    }

    void whenStored(Consumer<Integer> then) {
      done = then;
      finish();
    }

    private void receive(Bytes message) {
      RecordBuffer buffer;
      try {
        buffer = RecordBuffer.decode(message);
        for (RecordData record : buffer.records()) {
          RecordHeader.decode(record.data());
        }
      } catch (ProtocolException e) {
        // The count in the answer to DB_PUSH_CONFIRM will be too low, which fails the recovery.
        node.log().error("records for database " + database + " are refused: " + e.getMessage());
        return;
      }
      if (buffer.databaseId() != database.id()) {
        node.log()
            .error(
                "records for database "
                    + database
                    + " are refused: they are of db_id 0x%08x".formatted(buffer.databaseId()));
        return;
      }
      storing++;
      database
          .store()
          .push(
              buffer.records(),
              database.engine().pushRule(),
              result -> {
                storing--;
                if (result.ok()) {
                  stored += result.value();
                } else {
                  node.log().error("records of a recovery are not stored: " + result.error());
                }
                finish();
              });
    }

    private void finish() {
      if (storing == 0 && done != null) {
        Consumer<Integer> then = done;
        done = null;
        then.accept(stored);
      }
    }
  }
}
