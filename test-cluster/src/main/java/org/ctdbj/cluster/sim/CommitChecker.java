// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.LinkedHashMap;
import java.util.Map;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordFlags;

/**
 * What a recovery makes of a database: the same on all nodes. In a volatile one the leader is data
 * master of everything, with a sequence number one above that of all other copies, nothing is empty
 * and nothing is left of read-only delegations; in a persistent one even the headers are the same.
 */
final class CommitChecker {
  private final Simulation world;
  private final Map<String, Commit> pending = new LinkedHashMap<>();
  private final Map<String, Commit> done = new LinkedHashMap<>();

  private record Commit(
      SimNode node, String name, int flags, Map<RecordKey, StoredRecord> records) {}

  CommitChecker(Simulation world) {
    this.world = world;
  }

  /** A node is about to commit what a recovery has written. */
  void committing(SimNode node, String name, int flags, MemoryDatabaseStore store) {
    pending.put(
        node.pnn() + name, new Commit(node, name, flags, new LinkedHashMap<>(store.records())));
  }

  void gone(SimNode node) {
    pending.values().removeIf(commit -> commit.node == node);
  }

  /** Once all databases have been committed in the generation of the node, they are compared. */
  void afterEvent(SimNode node) {
    long committed = pending.values().stream().filter(commit -> commit.node == node).count();
    if (world.profile().twoLeadersPossible()
        || committed == 0
        || committed < node.attached().size()
        || !node.databases().allGenerationsAre(node.generation())) {
      return;
    }
    for (Commit commit : pending.values()) {
      if (commit.node == node) {
        compare(commit, node.generation());
      }
    }
    gone(node);
  }

  private void compare(Commit commit, int generation) {
    boolean isVolatile = DatabaseFlags.isVolatile(commit.flags);
    int leader = -1;
    for (var entry : commit.records.entrySet()) {
      StoredRecord record = entry.getValue();
      Violation.unless(
          !record.data().isEmpty(),
          "node %d, %s: a recovery has left an empty record",
          commit.node.pnn(),
          commit.name);
      if (isVolatile) {
        Violation.unless(
            leader == -1 || leader == record.header().dmaster(),
            "node %d, %s: a recovery has left several data masters",
            commit.node.pnn(),
            commit.name);
        leader = record.header().dmaster();
        Violation.unless(
            (record.header().flags() & (RecordFlags.RO_FLAGS | RecordFlags.MIGRATED_WITH_DATA))
                == RecordFlags.MIGRATED_WITH_DATA,
            "node %d, %s: flags %x after a recovery",
            commit.node.pnn(),
            commit.name,
            record.header().flags());
      }
    }
    Commit other = done.putIfAbsent(generation + commit.name, commit);
    if (other == null) {
      return;
    }
    Violation.unless(
        other.records.keySet().equals(commit.records.keySet()),
        "%s, generation %08x: nodes %d and %d do not have the same records",
        commit.name,
        generation,
        other.node.pnn(),
        commit.node.pnn());
    for (var entry : commit.records.entrySet()) {
      StoredRecord one = entry.getValue();
      StoredRecord two = other.records.get(entry.getKey());
      Violation.unless(
          normal(one, commit, isVolatile).equals(normal(two, other, isVolatile)),
          "%s, generation %08x: %s is %s on node %d, %s on node %d",
          commit.name,
          generation,
          entry.getKey().bytes().text(),
          one,
          commit.node.pnn(),
          two,
          other.node.pnn());
    }
  }

  /** The record as it would be on a node that does not lead. */
  private static StoredRecord normal(StoredRecord record, Commit commit, boolean isVolatile) {
    boolean leads = isVolatile && record.header().dmaster() == commit.node.pnn();
    return new StoredRecord(
        leads ? record.header().withRsn(record.header().rsn() - 1) : record.header(),
        Bytes.of(record.data().toByteArray()));
  }
}
