// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.HashMap;
import java.util.Map;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.Timers.Timer;

/**
 * The two sequence numbers of a database: the file's, with which smbd notices that what it
 * remembers is outdated (a change at one node has to raise it at all), and the one in a record of a
 * persistent database, which counts transactions. Node thread.
 */
final class SequenceNumbers {
  /** Key of the record with the number of transactions, as all of Samba writes it. */
  private static final RecordKey TRANSACTIONS =
      RecordKey.of(Bytes.ofTerminated("__db_sequence_number__"));

  private final NodeServices node;
  private final Databases databases;
  private final Health health;
  private final Map<Database, Watch> watches = new HashMap<>();

  private static final class Watch {
    int known;
    Timer timer;
  }

  SequenceNumbers(NodeServices node, Databases databases, Health health) {
    this.node = node;
    this.databases = databases;
    this.health = health;
  }

  void register(ControlTable controls) {
    controls.register(Control.ENABLE_SEQNUM, this::enable);
    controls.register(Control.UPDATE_SEQNUM, this::update);
    controls.register(Control.GET_DB_SEQNUM, this::transactions);
  }

  private void enable(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    try {
      if (!watches.containsKey(database)) {
        database.store().enableSequenceNumber();
        var watch = new Watch();
        watch.known = database.store().sequenceNumber();
        watches.put(database, watch);
        schedule(database, watch);
        database.onDetach(
            () -> {
              watch.timer.cancel();
              watches.remove(database);
            });
      }
      request.reply(0);
    } catch (StoreException e) {
      request.fail(e.getMessage());
    }
  }

  private void schedule(Database database, Watch watch) {
    long millis = Integer.toUnsignedLong(node.tunable(Tunable.SEQNUM_INTERVAL));
    watch.timer = node.timers().scheduleMillis(Math.max(1, millis), () -> look(database, watch));
  }

  private void look(Database database, Watch watch) {
    try {
      int now = database.store().sequenceNumber();
      if (now != watch.known) {
        node.controlNoReply(
            Pnn.BROADCAST_ACTIVE, Control.UPDATE_SEQNUM, 0, 0, Bytes.ofInt(database.id()));
      }
      watch.known = now;
    } catch (StoreException e) {
      node.log().error(e.getMessage());
    }
    schedule(database, watch);
  }

  private void update(ControlRequest request) {
    if (request.source() == node.pnn()) {
      request.reply(0); // the own broadcast
      return;
    }
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    if (!health.isHealthy(database)) {
      request.fail("database " + database + " is unhealthy");
      return;
    }
    try {
      database.store().incrementSequenceNumber();
      Watch watch = watches.get(database);
      if (watch != null) {
        watch.known =
            database.store().sequenceNumber(); // or it would be passed on as an own change
      }
      request.reply(0);
    } catch (StoreException e) {
      request.fail(e.getMessage());
    }
  }

  private void transactions(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    if (database.store().freezeState() != FreezeState.OPEN && !database.inTransaction()) {
      request.fail("database " + database + " is frozen and has no transaction open");
      return;
    }
    database
        .store()
        .read(
            TRANSACTIONS,
            result -> {
              if (result.ok()) {
                request.reply(Bytes.ofLong(number(result.value())));
              } else {
                request.fail(result.error());
              }
            });
  }

  private static long number(StoredRecord record) {
    return record == null || record.data().length() != 8 ? 0 : record.data().getLong(0);
  }
}
