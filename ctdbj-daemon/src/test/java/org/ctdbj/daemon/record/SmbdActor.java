// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.RecordFlags;

/**
 * A process that uses records as smbd does: takes the chain lock, asks the daemon for the record
 * until it owns it, reads a counter, and some time later writes it back one higher; or deletes it;
 * or reads it without the lock. Checks that nobody interferes.
 */
final class SmbdActor {
  /** What all processes of a test have to agree on. */
  static final class World {
    final List<RecordKey> counters;
    final List<RecordKey> deleted;

    /** The process that owns a record with its lock held. */
    final Map<RecordKey, SmbdActor> owners = new HashMap<>();

    /** Last value written. */
    final Map<RecordKey, Long> values = new HashMap<>();

    /** Sum of the values that were deleted. */
    final Map<RecordKey, Long> collected = new HashMap<>();

    final Map<RecordKey, Long> increments = new HashMap<>();

    /** Last sequence number seen by an owner. */
    final Map<RecordKey, Long> rsns = new HashMap<>();

    boolean rsnsNeverFall;
    int readOnlyHits;
    int finished;

    World(List<RecordKey> counters, List<RecordKey> deleted) {
      this.counters = counters;
      this.deleted = deleted;
    }
  }

  private final TestCluster cluster;
  private final World world;
  private final TestNode node;
  private final Random random;
  private final int clientId;
  private int left;
  private boolean dead;
  private RecordKey key;
  private boolean delete;
  private Runnable onAnswer;

  SmbdActor(TestCluster cluster, World world, int pnn, int actions) {
    this.cluster = cluster;
    this.world = world;
    this.node = cluster.node(pnn);
    this.random = cluster.random;
    this.clientId = cluster.connect(pnn);
    this.left = actions;
    cluster.onAnswer(
        clientId,
        () -> {
          if (!dead) {
            onAnswer.run();
          }
        });
    think();
  }

  boolean done() {
    return left == 0 || dead;
  }

  /** Dies wherever it is; another process does the rest of its work. */
  SmbdActor replace() {
    dead = true;
    world.owners.values().removeIf(owner -> owner == this);
    node.store.processDied(this);
    node.disconnect(clientId);
    return new SmbdActor(cluster, world, node.pnn, left);
  }

  private void think() {
    cluster.time.schedule(random.nextLong(3_000_000), this::next);
  }

  private void next() {
    if (dead || left == 0) {
      return;
    }
    int choice = random.nextInt(10);
    delete = false;
    if (choice < 4) {
      key = pick(world.counters);
      read();
    } else {
      delete = choice < 6;
      key = pick(delete || choice == 6 ? world.deleted : world.counters);
      fetchLocked();
    }
  }

  private RecordKey pick(List<RecordKey> keys) {
    return keys.get(random.nextInt(keys.size()));
  }

  private void finished() {
    left--;
    world.finished++;
    think();
  }

  private void call(int callId, int flags, Runnable then) {
    onAnswer = then;
    cluster.call(node.pnn, clientId, key, callId, flags);
  }

  // ---- writing

  private void fetchLocked() {
    node.store.lock(key, this, this::locked);
  }

  private void locked() {
    if (dead) {
      return;
    }
    StoredRecord record = node.store.get(key);
    if (record == null
        || record.header().dmaster() != node.pnn
        || record.header().hasAny(RecordFlags.RO_HAVE_DELEGATIONS)) {
      node.store.unlock(key, this);
      call(Calls.NULL, Calls.FLAG_IMMEDIATE_MIGRATION, this::fetchLocked);
      return;
    }
    assertNull(world.owners.put(key, this), () -> "two owners of " + key);
    long value = value(record.data());
    assertEquals(world.values.getOrDefault(key, 0L), value, () -> "lost update of " + key);
    long before = world.rsns.getOrDefault(key, 0L);
    if (world.rsnsNeverFall) {
      assertTrue(record.header().rsn() >= before, () -> "rsn of " + key + " fell");
    }
    world.rsns.put(key, record.header().rsn());
    cluster.time.schedule(random.nextLong(2_000_000), () -> write(record, value));
  }

  private void write(StoredRecord record, long value) {
    if (dead) {
      return;
    }
    assertEquals(record, node.store.get(key), "somebody wrote without the lock");
    if (delete) {
      node.store.put(key, record.header(), Bytes.EMPTY);
      world.collected.merge(key, value, Long::sum);
      world.values.put(key, 0L);
      node.engine.scheduleForDeletion(key, record.header());
    } else {
      node.store.put(key, record.header(), Bytes.ofLong(value + 1));
      world.increments.merge(key, 1L, Long::sum);
      world.values.put(key, value + 1);
    }
    world.owners.remove(key);
    node.store.unlock(key, this);
    finished();
  }

  private static long value(Bytes data) {
    return data.isEmpty() ? 0 : data.getLong(0);
  }

  // ---- reading

  private void read() {
    long atLeast = world.values.getOrDefault(key, 0L);
    StoredRecord record = node.store.get(key);
    boolean copy = record != null && record.header().hasAny(RecordFlags.RO_HAVE_READONLY);
    if (record != null && (record.header().dmaster() == node.pnn || copy)) {
      world.readOnlyHits += copy ? 1 : 0;
      check(atLeast, record.data());
      return;
    }
    call(
        Calls.FETCH,
        record == null ? 0 : Calls.FLAG_WANT_READONLY,
        () -> {
          var replies = node.replies.get(clientId);
          check(atLeast, replies.getLast().data());
        });
  }

  private void check(long atLeast, Bytes data) {
    assertTrue(
        value(data) >= atLeast,
        () -> "read " + value(data) + " from " + key + " though " + atLeast + " was written");
    finished();
  }
}
