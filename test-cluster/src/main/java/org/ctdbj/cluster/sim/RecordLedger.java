// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.RecoveryMode;

/**
 * What the records of the volatile database have to hold, known apart from the code under test: in
 * each one counter per node. While no node has been cut off from the others, each counter of a node
 * that has neither crashed nor been taken out is exactly what its processes have written, whoever
 * owns the record; and nobody owns a record that somebody else owns in the same generation.
 */
final class RecordLedger {
  /** The volatile database of a simulation. */
  static final String DATABASE = "locking.tdb";

  private final Simulation world;
  private final List<RecordKey> keys = new ArrayList<>();
  private final Map<RecordKey, Entry> entries = new HashMap<>();
  private final boolean[] clean;
  private boolean strict;
  private long increments;

  /** What is known of one record. */
  private static final class Entry {
    final long[] written;
    final boolean[] exact;
    RecordWorker owner;
    long rsn;
    int generation = Generation.INVALID;

    Entry(int nodes) {
      written = new long[nodes];
      exact = new boolean[nodes];
      java.util.Arrays.fill(exact, true);
    }
  }

  RecordLedger(Simulation world, int keyCount, int nodes, boolean strict) {
    this.world = world;
    this.strict = strict;
    this.clean = new boolean[nodes];
    java.util.Arrays.fill(clean, true);
    for (int i = 0; i < keyCount; i++) {
      RecordKey key = RecordKey.of(Bytes.ofTerminated("record " + i));
      keys.add(key);
      entries.put(key, new Entry(nodes));
    }
  }

  RecordKey key(Random random) {
    int index = random.nextInt(keys.size());
    return keys.get(Math.min(index, random.nextInt(keys.size()))); // some are used more than others
  }

  List<RecordKey> keys() {
    return keys;
  }

  long increments() {
    return increments;
  }

  /** A process holds the lock of a record of which its node is data master. */
  void acquired(RecordWorker worker, RecordKey key, StoredRecord record) {
    SimNode node = worker.node;
    world.trace().add(node.pnn(), "own", key.bytes().text() + " rsn " + record.header().rsn());
    // Until it is frozen for a recovery, the database of a node is of an older
    // generation than the node.
    boolean normal = node.core().recoveryMode() == RecoveryMode.NORMAL;
    if (!node.active() || (!strict && !normal)) {
      return;
    }
    Entry entry = entries.get(key);
    RecordWorker other = entry.owner;
    if (other != null
        && other.node != node
        && other.node.active()
        && (strict || other.node.core().recoveryMode() == RecoveryMode.NORMAL)) {
      Violation.unless(
          other.node.generation() != node.generation(),
          "%s is owned by a process of node %d and by one of node %d in generation %08x",
          key.bytes().text(),
          other.node.pnn(),
          node.pnn(),
          node.generation());
    }
    entry.owner = worker;
    if (normal && entry.generation == node.generation()) {
      Violation.unless(
          Long.compareUnsigned(record.header().rsn(), entry.rsn) >= 0,
          "rsn of %s was %d, is %d in the same generation %08x",
          key.bytes().text(),
          entry.rsn,
          record.header().rsn(),
          node.generation());
    }
    if (normal) {
      entry.rsn = record.header().rsn();
      entry.generation = node.generation();
    }
    check(key, entry, record.data(), "at node " + node.pnn());
  }

  private void check(RecordKey key, Entry entry, Bytes data, String where) {
    if (!strict) {
      return;
    }
    for (int pnn = 0; pnn < clean.length; pnn++) {
      long found = counter(data, pnn);
      long written = entry.written[pnn];
      if (entry.exact[pnn]) {
        Violation.unless(
            found == written,
            "%s %s: counter of node %d is %d, written was %d",
            key.bytes().text(),
            where,
            pnn,
            found,
            written);
      } else {
        Violation.unless(
            found <= written,
            "%s %s: counter of node %d is %d, never more than %d was written",
            key.bytes().text(),
            where,
            pnn,
            found,
            written);
        entry.written[pnn] = found;
        entry.exact[pnn] = true;
      }
    }
  }

  private static long counter(Bytes data, int pnn) {
    return data.isEmpty() ? 0 : data.getLong(8 * pnn);
  }

  /** The value with the own counter one higher; from now on it is as if written. */
  Bytes increment(RecordWorker worker, RecordKey key, StoredRecord record) {
    int self = worker.node.pnn();
    var value = new ByteWriter(8 * clean.length);
    for (int pnn = 0; pnn < clean.length; pnn++) {
      value.putLong(counter(record.data(), pnn) + (pnn == self ? 1 : 0));
    }
    Entry entry = entries.get(key);
    entry.written[self]++;
    increments++;
    if (!worker.node.active()) {
      inexact(self); // what is written on a node that was taken out is lost
    }
    return value.toBytes();
  }

  void released(RecordWorker worker) {
    for (Entry entry : entries.values()) {
      if (entry.owner == worker) {
        entry.owner = null;
      }
    }
  }

  /** The records of a node are gone: some of its last changes may be, too. */
  void lost(int pnn) {
    clean[pnn] = false;
    for (int i = 0; i < clean.length; i++) {
      if (!clean[i]) {
        inexact(i);
      }
    }
  }

  private void inexact(int pnn) {
    clean[pnn] = false;
    entries.values().forEach(entry -> entry.exact[pnn] = false);
  }

  /** Takes what the records hold now for what was written; from now on nothing may be lost. */
  void rebase() {
    strict = true;
    for (RecordKey key : keys) {
      Entry entry = entries.get(key);
      StoredRecord record = master(key);
      for (int pnn = 0; pnn < clean.length; pnn++) {
        clean[pnn] = true;
        entry.exact[pnn] = true;
        entry.written[pnn] = record == null ? 0 : counter(record.data(), pnn);
      }
    }
  }

  /** Compares all records with what was written. Nobody is at work. */
  void checkAll() {
    for (RecordKey key : keys) {
      StoredRecord record = master(key);
      check(
          key,
          entries.get(key),
          record == null ? Bytes.EMPTY : record.data(),
          "at its data master");
    }
  }

  /** The copy of the only data master; null if there is no copy anywhere. */
  private StoredRecord master(RecordKey key) {
    StoredRecord found = null;
    StoredRecord any = null;
    for (SimNode node : world.nodes()) {
      MemoryDatabaseStore store = node.store(DATABASE);
      StoredRecord record = store == null ? null : store.get(key);
      if (record == null) {
        continue;
      }
      any = record;
      if (record.header().dmaster() == node.pnn()) {
        Violation.unless(found == null, "%s has two data masters", key.bytes().text());
        found = record;
      }
    }
    Violation.unless(
        found != null || any == null || any.data().isEmpty(),
        "%s has copies but no data master: %s",
        key.bytes().text(),
        any);
    return found;
  }
}
