// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.TransactionDatabase;

/**
 * Freezing and thawing, and the transaction in which a recovery replaces what a frozen database
 * holds. Node thread.
 */
final class Freezing {
  private final NodeServices node;
  private final Databases databases;
  private final Health health;

  Freezing(NodeServices node, Databases databases, Health health) {
    this.node = node;
    this.databases = databases;
    this.health = health;
  }

  void register(ControlTable controls) {
    controls.register(Control.FREEZE, this::freezeNode);
    controls.register(Control.DB_FREEZE, this::freeze);
    controls.register(Control.DB_THAW, this::thaw);
    controls.register(Control.DB_TRANSACTION_START, this::start);
    controls.register(Control.DB_TRANSACTION_COMMIT, this::commit);
    controls.register(Control.DB_TRANSACTION_CANCEL, this::cancel);
    controls.register(Control.WIPE_DATABASE, this::wipe);
  }

  /** What volatile databases hold must not reach a recovery any more. */
  void invalidateAll() {
    databases.newestFirst().forEach(Database::invalidate);
  }

  void freezeAll(Consumer<Boolean> done) {
    List<Database> all = databases.newestFirst();
    if (all.isEmpty()) {
      node.timers().schedule(0, () -> done.accept(true));
      return;
    }
    int[] open = {all.size()};
    boolean[] failed = new boolean[1];
    for (Database database : all) {
      database
          .store()
          .freeze(
              result -> {
                if (!result.ok()) {
                  node.log().error(result.error());
                  failed[0] = true;
                }
                if (--open[0] == 0) {
                  done.accept(!failed[0]);
                }
              });
    }
  }

  private void freezeNode(ControlRequest request) {
    invalidateAll();
    freezeAll(
        all -> {
          if (all) {
            request.reply(0);
          } else {
            request.fail("not every database could be frozen");
          }
        });
  }

  private void freeze(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    node.log().info("freezing database " + database);
    database.store().freeze(result -> answer(request, result));
  }

  private void thaw(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    node.log().info("thawing database " + database);
    database.thaw();
    request.reply(0);
  }

  private void start(ControlRequest request) {
    var body = TransactionDatabase.decode(request.data());
    Database database = databases.named(request);
    if (database == null || !requireFrozen(request, database)) {
      return;
    }
    int count = database.starting(body.transactionId());
    database
        .store()
        .transactionStart(
            result -> {
              if (!result.ok()) {
                request.fail(result.error());
              } else if (database.started(count)) {
                request.reply(0);
              } else {
                request.fail(
                    "database " + database + ": another transaction was started, or a thaw came");
              }
            });
  }

  private void wipe(ControlRequest request) {
    Database database = transactionOf(request);
    if (database == null) {
      return;
    }
    database
        .store()
        .wipe(
            result -> {
              if (result.ok()) {
                database.engine().wiped();
              }
              answer(request, result);
            });
  }

  private void commit(ControlRequest request) {
    Database database = transactionOf(request);
    if (database == null) {
      return;
    }
    int generation = TransactionDatabase.decode(request.data()).transactionId();
    database.transactionEnded();
    database
        .store()
        .transactionCommit(
            result -> {
              if (result.ok()) {
                database.engine().setGeneration(generation);
                health.recovered(database);
              }
              answer(request, result);
            });
  }

  private void cancel(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null || !requireFrozen(request, database)) {
      return;
    }
    database.transactionEnded();
    database.store().transactionCancel(result -> answer(request, result));
  }

  /**
   * The database, if the request's transaction is open in it; else null, and the request has been
   * answered.
   */
  private Database transactionOf(ControlRequest request) {
    var body = TransactionDatabase.decode(request.data());
    Database database = databases.named(request);
    if (database == null || !requireFrozen(request, database)) {
      return null;
    }
    if (!database.inTransaction(body.transactionId())) {
      request.fail(
          request.control()
              + ": database "
              + database
              + " has no transaction with id "
              + Integer.toUnsignedString(body.transactionId())
              + " open");
      return null;
    }
    return database;
  }

  private static boolean requireFrozen(ControlRequest request, Database database) {
    if (!database.isFrozen()) {
      request.fail(request.control() + ": database " + database + " is not frozen");
      return false;
    }
    return true;
  }

  private void answer(ControlRequest request, StoreResult<Void> result) {
    if (result.ok()) {
      request.reply(0);
    } else {
      node.log().error(request.control() + ": " + result.error());
      request.fail(result.error());
    }
  }
}
