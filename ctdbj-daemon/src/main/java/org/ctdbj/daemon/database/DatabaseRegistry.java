// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.DatabaseHooks;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.node.RecordTraffic;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.daemon.record.RecordEngine;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.HealthStore;
import org.ctdbj.daemon.store.StoreFactory;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;
import org.ctdbj.recovery.door.EventLog;

/**
 * The databases of one node: knows which are attached, brings packets to their record engines, and
 * executes all controls that are about databases. Node thread only; nothing blocks.
 */
public final class DatabaseRegistry implements RecordTraffic, DatabaseHooks, AutoCloseable {
  private final EventLog strangers;
  private final NodeServices node;
  private final Databases databases = new Databases();
  private final HealthStore healthStore;
  private final Health health;
  private final Attachment attachment;
  private final Properties properties;
  private final SequenceNumbers sequenceNumbers;
  private final Freezing freezing;
  private final RecoveryTransfer transfer;
  private final RecordUpdates updates;
  private final TransactionCommits commits;
  private final Traverses traverses;
  private final TraverseServing traverseServing;
  private final VacuumControls vacuumControls;

  /**
   * Without any database.
   *
   * @param files opens their files; its owner closes it after this registry
   * @param healthStore what is known of persistent ones; closed with this registry
   */
  public DatabaseRegistry(NodeServices node, StoreFactory files, HealthStore healthStore) {
    this.node = node;
    this.strangers =
        new SparingLog(
            node.log(), () -> node.timers().nowNanos(), "packets about unknown databases");
    this.healthStore = healthStore;
    health = new Health(node, databases, healthStore);
    attachment = new Attachment(node, databases, files, health);
    properties = new Properties(databases);
    sequenceNumbers = new SequenceNumbers(node, databases, health);
    freezing = new Freezing(node, databases, health);
    transfer = new RecoveryTransfer(node, databases);
    updates = new RecordUpdates(node, databases, health);
    commits = new TransactionCommits(node, databases);
    traverses = new Traverses(node, databases, health);
    traverseServing = new TraverseServing(node, databases, health);
    vacuumControls = new VacuumControls(databases);
  }

  /** Makes this registry execute the controls that are about databases. Once. */
  public void register(ControlTable controls) {
    health.register(controls);
    attachment.register(controls);
    properties.register(controls);
    sequenceNumbers.register(controls);
    freezing.register(controls);
    transfer.register(controls);
    updates.register(controls);
    commits.register(controls);
    traverses.register(controls);
    traverseServing.register(controls);
    vacuumControls.register(controls);
  }

  /**
   * Attaches the persistent databases that exist, and freezes them until the first recovery. Before
   * clients are served.
   *
   * @param done gets whether all of them are frozen
   * @throws org.ctdbj.daemon.store.StoreException if one of them is damaged or known to be
   *     unhealthy, or what is known of their health cannot be read: the node must not start
   */
  public void start(Consumer<Boolean> done) {
    health.load();
    attachment.attachPersistent();
    freezing.freezeAll(done);
  }

  /**
   * Persistent databases that must not be used, with the reason, for the check before the startup
   * event.
   */
  public List<String> unhealthy() {
    List<String> texts = new ArrayList<>();
    for (Database database : databases.newestFirst()) {
      if (!health.isHealthy(database)) {
        texts.add(database + ": " + health.reason(database.name()));
      }
    }
    return texts;
  }

  @Override
  public void resetStatistics() {
    databases.newestFirst().forEach(database -> database.engine().resetStatistics());
  }

  /** How many databases are frozen, for the STATISTICS control. */
  public int frozen() {
    return (int) databases.newestFirst().stream().filter(Database::isFrozen).count();
  }

  /** Closes all files. Nobody is answered any more. */
  @Override
  public void close() {
    for (Database database : databases.newestFirst()) {
      databases.remove(database);
      database.close();
    }
    healthStore.close();
  }

  // ---- packets

  @Override
  public void clientCall(int clientId, ReqCall call) {
    Database database = databases.find(call.databaseId());
    if (database == null) {
      // As ctdbd 4.17 does; a client that attached the database cannot get here.
      strangers.error(unknown(call.databaseId()) + " from client " + clientId + ": not answered");
      return;
    }
    database.engine().clientCall(clientId, call);
  }

  @Override
  public void nodeCall(ReqCall call) {
    Database database = databases.find(call.databaseId());
    if (database == null) {
      refuse(call.header(), call.databaseId());
      return;
    }
    database.engine().nodeCall(call);
  }

  @Override
  public void reqDmaster(ReqDmaster packet) {
    Database database = databases.find(packet.databaseId());
    if (database == null) {
      refuse(packet.header(), packet.databaseId());
      return;
    }
    database.engine().reqDmaster(packet);
  }

  @Override
  public void replyDmaster(ReplyDmaster packet) {
    Database database = databases.find(packet.databaseId());
    if (database == null) {
      strangers.error(unknown(packet.databaseId()) + " from node " + packet.header().source());
      return;
    }
    database.engine().replyDmaster(packet);
  }

  @Override
  public void replyCall(ReplyCall packet) {
    RecordEngine.replyCall(node, packet);
  }

  @Override
  public void replyError(ReplyError packet) {
    RecordEngine.replyError(node, packet);
  }

  private void refuse(Header header, int databaseId) {
    strangers.error(unknown(databaseId) + " from node " + header.source());
    var back = new Header(node.vnnMap().generation(), header.source(), node.pnn(), header.reqid());
    node.send(new ReplyError(back, -1, unknown(databaseId)));
  }

  private static String unknown(int databaseId) {
    return "Unknown database in request. db_id==0x%08x".formatted(databaseId);
  }

  // ---- hooks

  @Override
  public boolean allGenerationsAre(int generation) {
    boolean all = true;
    for (Database database : databases.newestFirst()) {
      if (database.engine().generation() != generation) {
        node.log()
            .error(
                "database "
                    + database
                    + " has generation "
                    + Integer.toUnsignedString(database.engine().generation())
                    + ", expected "
                    + Integer.toUnsignedString(generation));
        all = false;
      }
    }
    return all;
  }

  @Override
  public void thawAll() {
    for (Database database : databases.newestFirst()) {
      if (database.store().freezeState() != FreezeState.OPEN) {
        database.thaw();
      }
    }
  }

  @Override
  public void becomeInactive() {
    for (Database database : databases.newestFirst()) {
      database.engine().setGeneration(Generation.INVALID);
    }
    freezing.invalidateAll();
    freezing.freezeAll(
        all -> {
          if (!all) {
            node.log().error("not every database could be frozen when the node became inactive");
          }
        });
  }

  @Override
  public void recoveryModeNormal() {
    attachment.recoveryModeNormal();
  }

  @Override
  public void recoveryEnded() {
    commits.recoveryEnded();
  }

  @Override
  public void freezeAll(Consumer<Boolean> done) {
    freezing.freezeAll(done);
  }
}
