// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.node.ControlRequest;

/** The attached databases, by number and in the order of GET_DBMAP. Node thread. */
final class Databases {
  private final Map<Integer, Database> byId = new HashMap<>();
  private final List<Database> newestFirst = new ArrayList<>();

  /** The database with an id; null if there is none. */
  Database find(int id) {
    return byId.get(id);
  }

  /** All, the one that was attached last first; a copy. */
  List<Database> newestFirst() {
    return List.copyOf(newestFirst);
  }

  /**
   * The database that a request names in the first four bytes of its body. If there is none, the
   * request has been answered with status -1.
   *
   * @return null if there is none
   */
  Database named(ControlRequest request) {
    return named(request, request.data().getInt(0));
  }

  /** {@link #named(ControlRequest)} with an id from elsewhere in the body. */
  Database named(ControlRequest request, int id) {
    Database database = byId.get(id);
    if (database == null) {
      request.fail(request.control() + ": no database with db_id 0x%08x here".formatted(id));
    }
    return database;
  }

  void add(Database database) {
    byId.put(database.id(), database);
    newestFirst.addFirst(database);
  }

  void remove(Database database) {
    byId.remove(database.id());
    newestFirst.remove(database);
  }
}
