// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.recovery.door.EventLog;

/**
 * One database as the parts of its engine share it: identity, flags, generation, and reading and
 * writing of records by the rules of ctdbd. Methods that touch records need the key's chain lock.
 *
 * <p>If the file fails, nothing may be forgotten: no packet that gives a record away has been sent
 * by then, because the own file is always written first, and a record that was received is still in
 * the sender's file. If there was only no room, the file is as good as before and a recovery would
 * need more room still: the packet waits in {@link RoomQueue}. After any other failure (damage, a
 * bad disk) it is dropped and a recovery is forced, which collects the newest copies and writes
 * every file anew; a node whose file fails that too gets banned by the leader. ctdbd aborts in most
 * of these cases, and reads a damaged record as a missing one, which loses it.
 */
final class RecordAccess {
  final NodeServices node;
  final DatabaseStore store;
  final String name;
  final int databaseId;
  final VacuumQueues queues = new VacuumQueues();

  /** Work for local clients for which the file has no room. */
  final RoomQueue ownWork;

  /** The same for other nodes. */
  final RoomQueue othersWork;

  private final EventLog failures;
  private int flags;
  private int generation;
  private boolean commitRunning;

  RecordAccess(NodeServices node, DatabaseStore store, String name, int databaseId, int flags) {
    this.node = node;
    this.store = store;
    this.name = name;
    this.databaseId = databaseId;
    this.flags = flags;
    this.ownWork = new RoomQueue(node.timers(), () -> {});
    this.othersWork =
        new RoomQueue(
            node.timers(),
            () ->
                node.cannotServeOthers(
                    "database " + name + ": no room to store what they wait for"));
    this.failures =
        new SparingLog(
            node.log(), () -> node.timers().nowNanos(), "failures to store in database " + name);
  }

  int flags() {
    return flags;
  }

  void addFlag(int flag) {
    flags |= flag;
  }

  boolean isVolatile() {
    return DatabaseFlags.isVolatile(flags);
  }

  boolean isReadOnly() {
    return (flags & DatabaseFlags.READONLY) != 0;
  }

  boolean isSticky() {
    return (flags & DatabaseFlags.STICKY) != 0;
  }

  int generation() {
    return generation;
  }

  void setGeneration(int newGeneration) {
    generation = newGeneration;
  }

  boolean commitRunning() {
    return commitRunning;
  }

  void setCommitRunning(boolean running) {
    commitRunning = running;
  }

  int lmaster(RecordKey key) {
    return StoreRules.lmaster(node.vnnMap(), key);
  }

  StoreRules rules(boolean clearReadOnly) {
    return new StoreRules(node.pnn(), node.vnnMap(), isVolatile(), clearReadOnly);
  }

  /**
   * The record; for one that does not exist, what ctdbd makes up: no data, the location master as
   * data master, sequence number 0. On the location master itself (and in a persistent database)
   * that record is also stored, which makes its sequence number 1.
   */
  StoredRecord fetch(RecordKey key) {
    StoredRecord found = store.fetch(key);
    if (found != null) {
      return found;
    }
    int lmaster = lmaster(key);
    var header = new RecordHeader(0, lmaster, RecordFlags.AUTOMATIC);
    if (lmaster == node.pnn() || (flags & DatabaseFlags.PERSISTENT) != 0) {
      header = store(key, header, Bytes.EMPTY);
    }
    return new StoredRecord(header, Bytes.EMPTY);
  }

  /** Stores by {@link StoreRules}; the caller goes on with the header that comes back. */
  RecordHeader store(RecordKey key, RecordHeader header, Bytes data) {
    var decision = rules(false).decide(key, header, data);
    if (decision.keep()) {
      store.store(key, decision.header(), data);
      if (decision.schedule()) {
        queues.schedule(key, decision.header());
      } else {
        queues.unschedule(key);
      }
    } else {
      store.delete(key);
    }
    return decision.header();
  }

  /**
   * Executes a call on the data master: its result, after the record has been stored once more,
   * which is what raises the sequence number. A call id that does not exist has no result and
   * stores nothing.
   */
  Bytes execute(RecordKey key, int callId, StoredRecord record) {
    Bytes result;
    switch (callId) {
      case Calls.NULL -> result = Bytes.EMPTY;
      case Calls.FETCH -> result = record.data();
      case Calls.FETCH_WITH_HEADER -> result = withHeader(record.header(), record.data());
      default -> {
        node.log()
            .warning(
                "call with unknown call id 0x%08x for key %s of database %s: answered without data"
                    .formatted(callId, key, name));
        return Bytes.EMPTY;
      }
    }
    store(key, record.header(), record.data());
    return result;
  }

  /** A stored value: header and data. */
  static Bytes withHeader(RecordHeader header, Bytes data) {
    var writer = new ByteWriter(RecordHeader.SIZE + data.length());
    header.encode(writer);
    return writer.put(data).toBytes();
  }

  /**
   * Logs that the file failed. Unless there was only no room, it forces the recovery that makes
   * good for it.
   */
  void failed(String doing, RecordKey key, StoreException cause) {
    String reason =
        "database %s, key %s: %s failed: %s".formatted(name, key, doing, cause.getMessage());
    failures.error(reason);
    if (!cause.isNoRoom()) {
      node.forceRecovery(reason);
    }
  }

  /** Logs a packet that cannot be right and forces the recovery that settles who has the record. */
  void contradiction(RecordKey key, String what) {
    String reason = "database %s, key %s: %s".formatted(name, key, what);
    failures.error(reason);
    node.forceRecovery(reason);
  }

  /** The database is detached: what waits for room is dropped. */
  void close() {
    ownWork.close();
    othersWork.close();
  }
}
