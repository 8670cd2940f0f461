// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.store.DatabaseStore.RecordFilter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.TraverseAll;
import org.ctdbj.protocol.body.TraverseAllExt;
import org.ctdbj.protocol.body.TraverseStart;

/**
 * The own part of traverses, wherever their client is: reads the local file and sends what it
 * finds. Node thread.
 */
final class TraverseServing {
  private static final int BATCH_BYTES = 64 * 1024;

  private final NodeServices node;
  private final Databases databases;
  private final Health health;
  private final List<Part> running = new ArrayList<>();

  TraverseServing(NodeServices node, Databases databases, Health health) {
    this.node = node;
    this.databases = databases;
    this.health = health;
  }

  void register(ControlTable controls) {
    controls.register(
        Control.TRAVERSE_ALL, request -> serve(request, TraverseAll.decode(request.data()), false));
    controls.register(
        Control.TRAVERSE_ALL_EXT,
        request -> {
          var body = TraverseAllExt.decode(request.data());
          serve(
              request,
              new TraverseAll(
                  body.databaseId(), body.reqid(), body.pnn(), body.clientReqid(), body.srvid()),
              body.withEmpty());
        });
    controls.register(Control.TRAVERSE_KILL, this::kill);
  }

  private void serve(ControlRequest request, TraverseAll body, boolean withEmpty) {
    Database database = databases.named(request, body.databaseId());
    if (database == null) {
      return;
    }
    if (!health.isReadable(database)) {
      request.fail(request.control() + ": database " + database + " is unhealthy");
      return;
    }
    request.reply(0);
    new Part(database, body).start(withEmpty);
  }

  private void kill(ControlRequest request) {
    var body = TraverseStart.decode(request.data());
    for (Part part : List.copyOf(running)) {
      if (part.database.id() == body.databaseId()
          && part.body.clientReqid() == body.reqid()
          && part.body.srvid() == body.srvid()) {
        part.stop();
      }
    }
    request.reply(0);
  }

  private final class Part {
    private final Database database;
    private final TraverseAll body;
    private final Runnable detached = this::stop;
    private Runnable cancel;
    private boolean ended;

    Part(Database database, TraverseAll body) {
      this.database = database;
      this.body = body;
    }

    void start(boolean withEmpty) {
      running.add(this);
      database.onDetach(detached);
      cancel =
          database
              .store()
              .traverse(
                  BATCH_BYTES,
                  filter(withEmpty),
                  (count, records) -> send(count, records),
                  result -> {
                    if (ended) {
                      return;
                    }
                    if (!result.ok()) {
                      node.log().error("traverse of database " + database + ": " + result.error());
                    }
                    end();
                    // Whoever waits gets what there was rather than nothing, as with ctdbd 4.17.
                    sendRecord(new RecordData(body.reqid(), Bytes.EMPTY, Bytes.EMPTY));
                  });
    }

    /** Of a volatile record only the data master's copy counts. Used on a worker thread. */
    private RecordFilter filter(boolean withEmpty) {
      if (!database.isVolatile()) {
        return (header, dataLength) -> true;
      }
      int pnn = node.pnn();
      return (header, dataLength) -> header.dmaster() == pnn && (dataLength > 0 || withEmpty);
    }

    private void send(int count, Bytes records) {
      if (ended) {
        return;
      }
      for (RecordData record : decode(count, records)) {
        sendRecord(new RecordData(body.reqid(), record.key(), record.data()));
      }
    }

    private void sendRecord(RecordData record) {
      node.controlNoReply(body.pnn(), Control.TRAVERSE_DATA, 0, 0, record.encode());
    }

    void stop() {
      if (!ended) {
        end();
        cancel.run();
      }
    }

    private void end() {
      ended = true;
      running.remove(this);
      database.notOnDetach(detached);
    }
  }

  /** The records of a batch, which has the form of a rec_buffer without its head. */
  private static List<RecordData> decode(int count, Bytes records) {
    List<RecordData> decoded = new ArrayList<>(count);
    int at = 0;
    for (int i = 0; i < count; i++) {
      int length = records.getInt(at);
      decoded.add(RecordData.decode(records.slice(at, length)));
      at += length;
    }
    return decoded;
  }
}
