// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.List;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.KeyData;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.VacuumRequest;

/** The controls by which deleted records leave the files of all nodes. Node thread. */
final class VacuumControls {
  private final Databases databases;

  VacuumControls(Databases databases) {
    this.databases = databases;
  }

  void register(ControlTable controls) {
    controls.register(Control.SCHEDULE_FOR_DELETION, this::schedule);
    controls.register(Control.TRY_DELETE_RECORDS, this::tryDelete);
    controls.register(Control.VACUUM_FETCH, this::fetch);
    controls.register(Control.DB_VACUUM, this::vacuum);
  }

  private void schedule(ControlRequest request) {
    var body = KeyData.decode(request.data());
    Database database = databases.named(request, body.databaseId());
    if (database != null) {
      database.engine().scheduleForDeletion(RecordKey.of(body.key()), body.header());
      request.reply(0);
    }
  }

  private void tryDelete(ControlRequest request) {
    var buffer = RecordBuffer.decode(request.data());
    Database database = volatileDatabase(request, buffer.databaseId());
    if (database != null) {
      List<RecordData> kept = database.engine().tryDelete(buffer.records());
      request.reply(new RecordBuffer(database.id(), kept).encode());
    }
  }

  private void fetch(ControlRequest request) {
    var buffer = RecordBuffer.decode(request.data());
    Database database = volatileDatabase(request, buffer.databaseId());
    if (database != null) {
      database
          .engine()
          .vacuumFetch(
              buffer.records().stream().map(record -> RecordKey.of(record.key())).toList());
      request.reply(0);
    }
  }

  private void vacuum(ControlRequest request) {
    var body = VacuumRequest.decode(request.data());
    Database database = volatileDatabase(request, body.databaseId());
    if (database != null) {
      database.engine().vacuum(body.fullRun(), request::reply);
    }
  }

  private Database volatileDatabase(ControlRequest request, int id) {
    Database database = databases.named(request, id);
    if (database != null && !database.isVolatile()) {
      request.fail(request.control() + ": database " + database + " is not volatile");
      return null;
    }
    return database;
  }
}
