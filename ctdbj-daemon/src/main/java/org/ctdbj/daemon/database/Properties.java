// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.function.Consumer;
import java.util.function.Function;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.DatabaseMap;

/** Controls that tell or change a property of one database, and the list of all. Node thread. */
final class Properties {
  private final Databases databases;

  Properties(Databases databases) {
    this.databases = databases;
  }

  void register(ControlTable controls) {
    controls.register(Control.GET_DBMAP, request -> request.reply(map()));
    tell(controls, Control.GET_DBNAME, database -> Bytes.ofTerminated(database.name()));
    tell(
        controls,
        Control.GETDBPATH,
        database -> Bytes.ofTerminated(database.store().path().toString()));
    tell(controls, Control.DB_OPEN_FLAGS, database -> Bytes.ofInt(database.store().openFlags()));
    tell(controls, Control.GET_DB_STATISTICS, database -> database.engine().statistics().encode());
    enable(controls, Control.SET_DB_READONLY, database -> database.engine().enableReadOnly());
    enable(controls, Control.SET_DB_STICKY, database -> database.engine().enableSticky());
  }

  private Bytes map() {
    return new DatabaseMap(
            databases.newestFirst().stream()
                .map(database -> new DatabaseMap.Entry(database.id(), database.flags()))
                .toList())
        .encode();
  }

  private void tell(ControlTable controls, Control control, Function<Database, Bytes> answer) {
    controls.register(
        control,
        request -> {
          Database database = databases.named(request);
          if (database != null) {
            request.reply(answer.apply(database));
          }
        });
  }

  private void enable(ControlTable controls, Control control, Consumer<Database> change) {
    controls.register(control, request -> enable(request, change));
  }

  private void enable(ControlRequest request, Consumer<Database> change) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    if (!database.isVolatile()) {
      request.fail(request.control() + ": database " + database + " is not volatile");
      return;
    }
    change.accept(database);
    request.reply(0);
  }
}
