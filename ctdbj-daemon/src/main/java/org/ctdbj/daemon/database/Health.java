// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.HashMap;
import java.util.Map;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.store.HealthStore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;

/** Which persistent databases must not be used, and why. Node thread. */
final class Health {
  private static final String NO_HEALTHY_NODES = "NO-HEALTHY-NODES - ";

  private final NodeServices node;
  private final Databases databases;
  private final HealthStore store;
  private final Map<String, String> reasons = new HashMap<>();

  Health(NodeServices node, Databases databases, HealthStore store) {
    this.node = node;
    this.databases = databases;
    this.store = store;
  }

  void register(ControlTable controls) {
    controls.register(Control.DB_SET_HEALTHY, this::setHealthy);
    controls.register(Control.DB_GET_HEALTH, this::getHealth);
  }

  /** Reads what is known from before. */
  void load() {
    reasons.putAll(store.load());
  }

  /** Why a database must not be used; null if it may be. */
  String reason(String name) {
    return reasons.get(name);
  }

  /** Whether the database may be written and counted on. */
  boolean isHealthy(Database database) {
    return !database.isPersistent() || reasons.get(database.name()) == null;
  }

  /**
   * Whether the database may be read: also if it is unhealthy, where the administrator allows that.
   */
  boolean isReadable(Database database) {
    return isHealthy(database) || node.tunable(Tunable.ALLOW_UNHEALTHY_DB_READ) != 0;
  }

  /** A recovery has written the database. It is healthy if a healthy node took part. */
  void recovered(Database database) {
    String reason = reasons.get(database.name());
    if (!database.isPersistent() || reason == null) {
      return;
    }
    if (node.expand(Pnn.BROADCAST_ALL).stream().anyMatch(pnn -> node.nodeFlags(pnn) == 0)) {
      node.log()
          .notice("database " + database + " is healthy again: recovered from a healthy node");
      set(database.name(), null);
    } else if (!reason.startsWith(NO_HEALTHY_NODES)) {
      set(database.name(), NO_HEALTHY_NODES + reason);
    }
  }

  private void setHealthy(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    boolean was = isHealthy(database);
    reasons.remove(database.name());
    store.save(
        database.name(),
        null,
        result -> {
          if (!result.ok()) {
            request.fail(result.error());
            return;
          }
          if (!was && node.runstate() == Runstate.STARTUP) {
            node.forceRecovery("database " + database + " was declared healthy");
          }
          request.reply(0);
        });
  }

  private void getHealth(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    String reason = reasons.get(database.name());
    request.reply(
        reason == null || !database.isPersistent() ? Bytes.EMPTY : Bytes.ofTerminated(reason));
  }

  private void set(String name, String reason) {
    if (reason == null) {
      reasons.remove(name);
    } else {
      reasons.put(name, reason);
    }
    store.save(
        name,
        reason,
        result -> {
          if (!result.ok()) {
            node.log().error(result.error());
          }
        });
  }
}
