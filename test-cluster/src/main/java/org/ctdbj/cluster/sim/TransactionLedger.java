// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.Bytes;

/**
 * What the persistent database has to hold: one value, changed by one transaction after the other.
 * A transaction that was answered with success is never lost, as long as no node was cut off: one
 * node at least, which has it, is always there.
 */
final class TransactionLedger {
  /** The persistent database of a simulation. */
  static final String DATABASE = "registry.tdb";

  /** Where Samba counts the transactions of a database. */
  static final RecordKey SEQUENCE = RecordKey.of(Bytes.ofTerminated("__db_sequence_number__"));

  static final RecordKey VALUE = RecordKey.of(Bytes.ofTerminated("value"));

  private final Simulation world;
  private final Map<Long, Set<Long>> tried = new HashMap<>();
  private boolean strict;
  private TransactionWorker holder;
  private long nextId = 1;
  private long sequence;
  private long id;
  private long commits;

  TransactionLedger(Simulation world, boolean strict) {
    this.world = world;
    this.strict = strict;
  }

  /** Takes the lock that Samba has on a transaction, cluster-wide; false if another one has it. */
  boolean begin(TransactionWorker worker) {
    if (holder == null) {
      holder = worker;
    }
    return holder == worker;
  }

  void end(TransactionWorker worker) {
    if (holder == worker) {
      holder = null;
    }
  }

  static long number(StoredRecord record) {
    return record == null || record.data().isEmpty() ? 0 : record.data().getLong(0);
  }

  /** A transaction reads the database of its node. */
  void check(SimNode node, long foundSequence, long foundId) {
    world.trace().add(node.pnn(), "tx read", foundSequence + " " + foundId);
    if (!strict || !node.active()) {
      return;
    }
    if (foundSequence == sequence) {
      Violation.unless(
          foundId == id,
          "node %d: transaction %d of %s has value %d, committed was %d",
          node.pnn(),
          foundSequence,
          DATABASE,
          foundId,
          id);
      return;
    }
    Violation.unless(
        foundSequence > sequence && tried.getOrDefault(foundSequence, Set.of()).contains(foundId),
        "node %d: %s has value %d of transaction %d; the last that was committed is %d with value %d",
        node.pnn(),
        DATABASE,
        foundId,
        foundSequence,
        sequence,
        id);
  }

  /** A new value for a transaction. */
  long tryCommit(long newSequence) {
    long value = nextId++;
    tried.computeIfAbsent(newSequence, _ -> new HashSet<>()).add(value);
    return value;
  }

  /** A transaction was answered with success. */
  void committed(SimNode node, long newSequence, long value) {
    world.trace().add(node.pnn(), "tx done", newSequence + " " + value);
    sequence = newSequence;
    id = value;
    commits++;
  }

  long commits() {
    return commits;
  }

  /** Takes what the database holds now for what was committed. */
  void rebase() {
    strict = true;
    MemoryDatabaseStore store = world.nodes().getFirst().store(DATABASE);
    if (store != null) {
      sequence = number(store.get(SEQUENCE));
      id = number(store.get(VALUE));
    }
  }

  /** Compares all nodes. Nobody is at work. */
  void checkAll() {
    for (SimNode node : world.nodes()) {
      MemoryDatabaseStore store = node.store(DATABASE);
      if (store != null) {
        check(node, number(store.get(SEQUENCE)), number(store.get(VALUE)));
      }
    }
  }
}
