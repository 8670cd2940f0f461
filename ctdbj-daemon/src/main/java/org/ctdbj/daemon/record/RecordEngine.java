// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.DatabaseStatistics;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;

/**
 * The records of one database on one node: who is data master of each, how they migrate, read-only
 * copies, vacuuming; as ctdbd 4.17 does it, so that both can work in one cluster.
 *
 * <p>Node thread only. Pure: time, files, network and other nodes are behind {@link NodeServices}
 * and {@link DatabaseStore}. No method blocks or throws because of a file or a packet: what cannot
 * be done now waits in memory, and what contradicts the own state or cannot be written is logged,
 * dropped, and makes good by the recovery it forces.
 */
public final class RecordEngine {
  private final RecordAccess access;
  private final DatabaseCounters counters = new DatabaseCounters();
  private final ChainLocks locks;
  private final HotKeys hotKeys;
  private final PendingCalls pending;
  private final ReadOnlyDelegations readOnly;
  private final Migration migration;
  private final ClientCalls clientCalls;
  private final NodeCalls nodeCalls;
  private final Vacuuming vacuuming;
  private final RecordDeletion deletion;

  /** An engine that shares vacuuming with no other; for a node with one database. */
  public RecordEngine(
      NodeServices node, DatabaseStore store, String name, int databaseId, int databaseFlags) {
    this(node, store, name, databaseId, databaseFlags, new VacuumGate());
  }

  /**
   * The engine of a database whose file is open. The generation is that of the node's map.
   *
   * @param name for the log
   * @param databaseId as it stands in packets
   * @param databaseFlags {@link DatabaseFlags}
   * @param gate the same one for all databases of the node
   */
  public RecordEngine(
      NodeServices node,
      DatabaseStore store,
      String name,
      int databaseId,
      int databaseFlags,
      VacuumGate gate) {
    access = new RecordAccess(node, store, name, databaseId, databaseFlags);
    access.setGeneration(node.vnnMap().generation());
    locks = new ChainLocks(access, counters);
    hotKeys = new HotKeys(node.timers());
    var collapse = new FetchCollapse(access);
    var sticky = new StickyRecords(access);
    pending = new PendingCalls(access, collapse);
    readOnly = new ReadOnlyDelegations(access, locks, counters);
    migration = new Migration(this, access, locks, pending, sticky, hotKeys);
    clientCalls = new ClientCalls(this, access, locks, collapse, readOnly, pending);
    nodeCalls = new NodeCalls(access, locks, readOnly, sticky, migration, counters);
    vacuuming = new Vacuuming(access, locks, clientCalls, counters, gate);
    deletion = new RecordDeletion(access, locks);
  }

  // ---- state that recoveries and controls change

  /** The database's generation: in the headers of all packets about its records. */
  public int generation() {
    return access.generation();
  }

  /**
   * Changes the generation; calls of nodes that wait here are dropped, their nodes send them anew.
   */
  public void setGeneration(int generation) {
    access.setGeneration(generation);
  }

  /** {@link DatabaseFlags} now. */
  public int flags() {
    return access.flags();
  }

  /**
   * From now on the data master may hand out read-only copies. Ignored unless the database is
   * volatile.
   */
  public void enableReadOnly() {
    if (access.isVolatile()) {
      access.addFlag(DatabaseFlags.READONLY);
    }
  }

  /**
   * From now on records for which nodes compete become sticky. Ignored unless the database is
   * volatile.
   */
  public void enableSticky() {
    if (access.isVolatile()) {
      access.addFlag(DatabaseFlags.STICKY);
    }
  }

  /** While a transaction is being committed no record is given away. */
  public void setCommitRunning(boolean running) {
    access.setCommitRunning(running);
  }

  /**
   * How records are stored that come by UPDATE_RECORD; immutable. Does not feed the queues of
   * vacuuming.
   */
  public StoreRule storeRule() {
    return access.rules(false);
  }

  /**
   * How records are stored that come from a recovery; immutable. Ends all read-only delegations
   * first.
   */
  public StoreRule pushRule() {
    return access.rules(true);
  }

  /** A recovery has written all records: there are no read-only copies any more. */
  public void recoveryPushed() {
    readOnly.recovered();
  }

  /** The database has been emptied: vacuuming has nothing to look at. */
  public void wiped() {
    access.queues.clear();
  }

  // ---- packets

  /**
   * A local client's call. Answered with a REPLY_CALL, however long it takes; with none if the
   * client goes. When the answer is sent, the record is in the file with this node as data master
   * (or is a read-only copy, where the client accepts that) and its chain is not locked by this
   * node.
   */
  public void clientCall(int clientId, ReqCall call) {
    clientCalls.call(clientId, call);
  }

  /** A call of another node, or of this one after a recovery. Its generation has been checked. */
  public void nodeCall(ReqCall call) {
    nodeCalls.call(call);
  }

  /**
   * A data master gives a record away, this node being location master. Its generation has been
   * checked.
   */
  public void reqDmaster(ReqDmaster packet) {
    migration.reqDmaster(packet);
  }

  /** This node becomes data master of a record. Its generation has been checked. */
  public void replyDmaster(ReplyDmaster packet) {
    migration.replyDmaster(packet);
  }

  /**
   * An answer to a call of this node, of whichever database; dropped if the call is not known any
   * more.
   */
  public static void replyCall(NodeServices node, ReplyCall packet) {
    PendingCall call = node.reqids().find(packet.header().reqid(), PendingCall.class);
    if (call != null) {
      call.engine.migration.replied(call, packet);
    }
  }

  /**
   * A peer could not serve a call of this node. It is logged and tried again after a second; with
   * ctdbd, the client would wait for ever.
   */
  public static void replyError(NodeServices node, ReplyError packet) {
    PendingCall call = node.reqids().find(packet.header().reqid(), PendingCall.class);
    if (call == null) {
      return;
    }
    RecordAccess access = call.engine.access;
    node.log()
        .warning(
            "node %d refused a call for key %s of database %s, trying again: status %d %s"
                .formatted(
                    packet.header().source(),
                    call.key,
                    access.name,
                    packet.status(),
                    packet.message()));
    call.engine.pending.refused(call);
  }

  /**
   * After a thaw: all calls that wait for other nodes are sent anew, with new reqids and the
   * present generation.
   */
  public void resendPendingCalls() {
    pending.resend();
  }

  // ---- vacuuming

  /** Remembers a record that a client has emptied. Needs no lock: the client holds the chain's. */
  public void scheduleForDeletion(RecordKey key, RecordHeader header) {
    if (access.isVolatile()) {
      access.queues.schedule(key, header);
    }
  }

  /**
   * Deletes the own copies of records that their location master wants gone, where that is safe.
   *
   * @param records data is the 24-byte header with which the record was queued
   * @return those that were not deleted, as they were given
   */
  public List<RecordData> tryDelete(List<RecordData> records) {
    return deletion.tryDelete(records);
  }

  /** The next vacuuming migrates these records here. */
  public void vacuumFetch(List<RecordKey> keys) {
    if (access.isVolatile()) {
      keys.forEach(access.queues::fetch);
    }
  }

  /**
   * Vacuums now.
   *
   * @param full read the whole file for empty records first
   * @param done gets 0 at the end; -1 if the database is not volatile, frozen, in recovery or the
   *     node is vacuuming already, or if the run was ended early. Not called inside this call.
   */
  public void vacuum(boolean full, Consumer<Integer> done) {
    vacuuming.run(full, done);
  }

  /** Starts regular vacuuming; nothing happens if the database is not volatile. */
  public void startVacuuming() {
    vacuuming.start();
  }

  // ---- the rest

  /** What GET_DB_STATISTICS shows. */
  public DatabaseStatistics statistics() {
    return counters.snapshot(locks.waiting(), hotKeys.hottest());
  }

  /** Begins to count anew. */
  public void resetStatistics() {
    counters.reset();
    hotKeys.reset();
  }

  /**
   * The database is detached: everything that waits is dropped without an answer. The store is
   * closed by its owner.
   */
  public void close() {
    vacuuming.close();
    nodeCalls.close();
    migration.close();
    clientCalls.close();
    pending.close();
    locks.close();
    access.close();
  }
}
