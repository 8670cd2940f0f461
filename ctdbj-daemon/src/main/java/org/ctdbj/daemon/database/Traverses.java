// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.TraverseAll;
import org.ctdbj.protocol.body.TraverseAllExt;
import org.ctdbj.protocol.body.TraverseStart;
import org.ctdbj.protocol.body.TraverseStartExt;
import org.ctdbj.recovery.door.Timers.Timer;

/**
 * Traverses that clients of this node asked for: every node that may have records is told to send
 * them here, and they are passed on to the client as messages. Node thread.
 */
final class Traverses {
  private final NodeServices node;
  private final Databases databases;
  private final Health health;
  private final List<Traverse> running = new ArrayList<>();

  Traverses(NodeServices node, Databases databases, Health health) {
    this.node = node;
    this.databases = databases;
    this.health = health;
  }

  void register(ControlTable controls) {
    controls.register(
        Control.TRAVERSE_START,
        request -> start(request, TraverseStart.decode(request.data()), false));
    controls.register(
        Control.TRAVERSE_START_EXT,
        request -> {
          var body = TraverseStartExt.decode(request.data());
          start(
              request,
              new TraverseStart(body.databaseId(), body.reqid(), body.srvid()),
              body.withEmpty());
        });
    controls.register(Control.TRAVERSE_DATA, this::data);
  }

  private void start(ControlRequest request, TraverseStart body, boolean withEmpty) {
    if (request.source() != node.pnn() || !node.clientConnected(request.clientId())) {
      request.fail(request.control() + ": not from a client of this node");
      return;
    }
    Database database = databases.named(request, body.databaseId());
    if (database == null) {
      return;
    }
    if (!health.isReadable(database)) {
      request.fail(request.control() + ": database " + database + " is unhealthy");
      return;
    }
    var traverse = new Traverse(database, body, withEmpty);
    // smbd swallows messages that come before this answer, so it is sent before any node is asked.
    request.reply(0);
    traverse.start(request.clientId());
  }

  private void data(ControlRequest request) {
    var record = RecordData.decode(request.data());
    Traverse traverse = node.reqids().find(record.reqid(), Traverse.class);
    if (traverse == null) {
      request.reply(-1); // it has been given up: normal
      return;
    }
    request.reply(0);
    traverse.received(record);
  }

  private final class Traverse {
    private final Database database;
    private final TraverseStart body;
    private final boolean withEmpty;
    private final Runnable detached = this::giveUp;
    private int reqid;
    private int sources;
    private Timer timer;
    private boolean ended;

    Traverse(Database database, TraverseStart body, boolean withEmpty) {
      this.database = database;
      this.body = body;
      this.withEmpty = withEmpty;
    }

    void start(int clientId) {
      running.add(this);
      reqid = node.reqids().allocate(this);
      database.onDetach(detached);
      timer =
          node.timers()
              .scheduleSeconds(
                  Integer.toUnsignedLong(node.tunable(Tunable.TRAVERSE_TIMEOUT)), this::timedOut);
      node.onClientGone(clientId, this::clientGone);
      int destination = destination();
      sources = node.expand(destination).size();
      if (sources == 0) {
        node.timers().schedule(0, this::giveUp); // nobody is active
        return;
      }
      if (withEmpty) {
        var all =
            new TraverseAllExt(database.id(), reqid, node.pnn(), body.reqid(), body.srvid(), true);
        node.controlNoReply(destination, Control.TRAVERSE_ALL_EXT, 0, 0, all.encode());
      } else {
        var all = new TraverseAll(database.id(), reqid, node.pnn(), body.reqid(), body.srvid());
        node.controlNoReply(destination, Control.TRAVERSE_ALL, 0, 0, all.encode());
      }
    }

    /** Every active node has volatile records of its own; all have the same persistent ones. */
    private int destination() {
      List<Integer> lmasters = node.vnnMap().lmasters();
      if (database.isVolatile()) {
        return Pnn.BROADCAST_ACTIVE;
      }
      return lmasters.isEmpty() || lmasters.contains(node.pnn()) ? node.pnn() : lmasters.getFirst();
    }

    void received(RecordData record) {
      if (!record.key().isEmpty() || !record.data().isEmpty()) {
        dispatch(record.key(), record.data());
      } else if (--sources <= 0) {
        finish();
        dispatch(Bytes.EMPTY, Bytes.EMPTY);
      }
    }

    private void timedOut() {
      node.statistics().increment(Counter.TIMEOUT_TRAVERSE);
      node.log().error("traverse of database " + database + " was not over in time");
      giveUp();
    }

    /** The client gets the end marker; the nodes are told to stop. */
    private void giveUp() {
      if (!ended) {
        finish();
        kill();
        dispatch(Bytes.EMPTY, Bytes.EMPTY);
      }
    }

    private void clientGone() {
      if (!ended) {
        finish();
        kill();
      }
    }

    private void kill() {
      node.controlNoReply(Pnn.BROADCAST_CONNECTED, Control.TRAVERSE_KILL, 0, 0, body.encode());
    }

    private void finish() {
      ended = true;
      timer.cancel();
      running.remove(this);
      node.reqids().remove(reqid);
      database.notOnDetach(detached);
    }

    private void dispatch(Bytes key, Bytes data) {
      node.dispatch(body.srvid(), new RecordData(body.reqid(), key, data).encode());
    }
  }
}
