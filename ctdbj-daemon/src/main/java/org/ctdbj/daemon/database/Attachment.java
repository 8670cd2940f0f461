// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.daemon.record.RecordEngine;
import org.ctdbj.daemon.record.VacuumGate;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreFactory;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers.Timer;

/**
 * DB_ATTACH and its two variants, and DB_DETACH: which databases this node has. What a local client
 * wants during a recovery is put off until it is over. Node thread.
 */
final class Attachment {
  /** From the end of a recovery to the second look at what was put off, as in ctdbd 4.17. */
  private static final long RELEASE_SECONDS = 1;

  /** Between two tries to open a database for which there was no room. */
  private static final long RETRY_SECONDS = 1;

  private final NodeServices node;
  private final Databases databases;
  private final StoreFactory factory;
  private final Health health;
  private final VacuumGate vacuumGate = new VacuumGate();
  private final List<Deferred> deferred = new ArrayList<>();

  /** Databases of other nodes for which there is no room here, with their flags. */
  private final Map<String, Integer> unopened = new HashMap<>();

  private final EventLog failures;

  private static final class Deferred {
    final ControlRequest request;
    Timer timer;
    boolean ended;

    Deferred(ControlRequest request) {
      this.request = request;
    }
  }

  Attachment(NodeServices node, Databases databases, StoreFactory factory, Health health) {
    this.node = node;
    this.databases = databases;
    this.factory = factory;
    this.health = health;
    this.failures =
        new SparingLog(
            node.log(), () -> node.timers().nowNanos(), "databases that cannot be opened");
  }

  void register(ControlTable controls) {
    controls.register(Control.DB_ATTACH, request -> attach(request, 0));
    controls.register(
        Control.DB_ATTACH_PERSISTENT, request -> attach(request, DatabaseFlags.PERSISTENT));
    controls.register(
        Control.DB_ATTACH_REPLICATED, request -> attach(request, DatabaseFlags.REPLICATED));
    controls.register(Control.DB_DETACH, this::detach);
  }

  /**
   * Attaches the persistent databases that lie in their directory.
   *
   * @throws StoreException if one of them cannot be used
   */
  void attachPersistent() {
    for (String name : factory.persistentNames()) {
      Database database = open(name, DatabaseFlags.PERSISTENT);
      node.log().notice("attached persistent database " + database.store().path());
    }
  }

  /** Looks again, one second later, at what was put off. */
  void recoveryModeNormal() {
    for (Deferred waiting : List.copyOf(deferred)) {
      waiting.timer.cancel();
      waiting.timer = node.timers().scheduleSeconds(RELEASE_SECONDS, () -> again(waiting));
    }
  }

  private void attach(ControlRequest request, int flags) {
    if (node.tunable(Tunable.ALLOW_CLIENT_DB_ATTACH) == 0) {
      request.fail("databases cannot be attached: tunable AllowClientDBAttach is 0");
      return;
    }
    if (isLocalClient(request) && !admit(request)) {
      return;
    }
    String name = request.data().text();
    Database known = databases.find(Database.idOf(name));
    if (known != null && !known.name().equals(name)) {
      request.fail("database " + name + " has the same db_id as database " + known);
      return;
    }
    if (known != null) {
      if ((known.flags() & flags) != flags) {
        request.fail("database " + name + " is attached already, as " + kind(known.flags()));
        return;
      }
      request.reply(Bytes.ofInt(known.id()));
      return;
    }
    Database created;
    try {
      created = open(name, flags);
    } catch (StoreException e) {
      failures.error(e.getMessage());
      if (e.isNoRoom() && !isLocalClient(request)) {
        openLater(name, flags);
      }
      request.fail(e.getMessage());
      return;
    }
    attached(created);
    node.controlNoReply(Pnn.BROADCAST_CONNECTED, request.control(), 0, 0, Bytes.ofTerminated(name));
    request.reply(Bytes.ofInt(created.id()));
  }

  private void attached(Database database) {
    node.log()
        .notice("attached " + kind(database.flags()) + " database " + database.store().path());
  }

  /**
   * Another node has a new database for which there is no room here. It goes on using it, so it has
   * to be opened here as soon as there is; until then this node cannot be location master of its
   * records.
   */
  private void openLater(String name, int flags) {
    if (unopened.putIfAbsent(name, flags) == null) {
      node.timers().scheduleSeconds(RETRY_SECONDS, () -> openAgain(name, flags));
    }
  }

  private void openAgain(String name, int flags) {
    unopened.remove(name);
    if (databases.find(Database.idOf(name)) != null
        || node.recoveryMode() == RecoveryMode.ACTIVE
        || NodeFlags.isInactive(node.nodeFlags(node.pnn()))) {
      return; // the recovery attaches it, wherever it is missing
    }
    try {
      attached(open(name, flags));
    } catch (StoreException e) {
      failures.error(e.getMessage());
      if (e.isNoRoom()) {
        node.cannotServeOthers(e.getMessage());
        openLater(name, flags);
      }
    }
  }

  private boolean isLocalClient(ControlRequest request) {
    return request.source() == node.pnn() && node.clientConnected(request.clientId());
  }

  /** Whether a local client's wish can be met now; if not, it has been refused or put off. */
  private boolean admit(ControlRequest request) {
    if (NodeFlags.isInactive(node.nodeFlags(node.pnn()))) {
      request.fail("databases cannot be attached: this node is inactive (stopped or banned)");
      return false;
    }
    boolean active = node.recoveryMode() == RecoveryMode.ACTIVE;
    if ((request.flags() & ControlFlags.ATTACH_RECOVERY) != 0) {
      if (!active) {
        request.fail("attach for a recovery, but no recovery is going on");
      }
      return active;
    }
    if (active || node.runstate().number() < Runstate.STARTUP.number()) {
      defer(request);
      return false;
    }
    return true;
  }

  private void defer(ControlRequest request) {
    var waiting = new Deferred(request);
    deferred.add(waiting);
    int seconds = node.tunable(Tunable.DEFERRED_ATTACH_TO);
    waiting.timer =
        node.timers()
            .scheduleSeconds(
                Integer.toUnsignedLong(seconds),
                () -> {
                  end(waiting);
                  request.fail(
                      "database "
                          + request.data().text()
                          + " cannot be attached: no recovery has ended for "
                          + Integer.toUnsignedString(seconds)
                          + " s");
                });
    node.onClientGone(
        request.clientId(),
        () -> {
          if (!waiting.ended) {
            end(waiting);
            request.reply(-1);
          }
        });
  }

  private void again(Deferred waiting) {
    end(waiting);
    attach(
        waiting.request,
        switch (waiting.request.control()) {
          case DB_ATTACH_PERSISTENT -> DatabaseFlags.PERSISTENT;
          case DB_ATTACH_REPLICATED -> DatabaseFlags.REPLICATED;
          default -> 0;
        });
  }

  private void end(Deferred waiting) {
    waiting.ended = true;
    waiting.timer.cancel();
    deferred.remove(waiting);
  }

  private Database open(String name, int flags) {
    if ((flags & DatabaseFlags.PERSISTENT) != 0 && health.reason(name) != null) {
      throw new StoreException(
          "persistent database " + name + " is unhealthy: " + health.reason(name), null);
    }
    Database other = databases.find(Database.idOf(name));
    if (other != null) {
      throw new StoreException(
          "database " + name + " has the same db_id as database " + other, null);
    }
    DatabaseStore store =
        factory.open(
            name,
            flags,
            node.tunable(Tunable.DATABASE_HASH_SIZE),
            node.tunable(Tunable.DATABASE_MAX_DEAD));
    var engine = new RecordEngine(node, store, name, Database.idOf(name), flags, vacuumGate);
    var database = new Database(name, store, engine);
    databases.add(database);
    engine.startVacuuming();
    return database;
  }

  private void detach(ControlRequest request) {
    Database database = databases.named(request);
    if (database == null) {
      return;
    }
    if (node.tunable(Tunable.ALLOW_CLIENT_DB_ATTACH) == 1) {
      request.fail(
          "database " + database + " cannot be detached: tunable AllowClientDBAttach must be 0");
    } else if (!database.isVolatile()) {
      request.fail("database " + database + " cannot be detached: it is not volatile");
    } else if (node.recoveryMode() == RecoveryMode.ACTIVE) {
      request.fail("database " + database + " cannot be detached during a recovery");
    } else if (request.clientId() != 0) {
      node.controlNoReply(
          Pnn.BROADCAST_CONNECTED, Control.DB_DETACH, 0, 0, Bytes.ofInt(database.id()));
      request.reply(0);
    } else {
      databases.remove(database);
      database.close();
      node.log().notice("detached database " + database);
      request.reply(0);
    }
  }

  private static String kind(int flags) {
    return (flags & DatabaseFlags.PERSISTENT) != 0
        ? "persistent"
        : (flags & DatabaseFlags.REPLICATED) != 0 ? "replicated" : "volatile";
  }
}
