// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordFlags;

/**
 * Uses a volatile database as smbd does: takes a chain lock, has the record brought here if it is
 * elsewhere, raises the own node's counter in it, and gives the lock back a while later. Sometimes
 * it dies while it waits or holds a lock.
 */
final class RecordWorker extends SimClient {
  private static final long RETRY_NANOS = 1_000_000_000L;
  private static final long POLL_NANOS = 2_000_000;

  private final RecordLedger ledger;
  private int databaseId;
  private MemoryDatabaseStore store;
  private RecordKey key;

  RecordWorker(Simulation world, SimNode node) {
    super(world, node);
    this.ledger = world.records();
  }

  @Override
  void connected() {
    control(
        Control.DB_ATTACH,
        0,
        Bytes.ofTerminated(RecordLedger.DATABASE),
        reply -> {
          if (reply.status() != 0) {
            later(RETRY_NANOS, this::connected);
            return;
          }
          databaseId = reply.data().getInt(0);
          store = node.store(RecordLedger.DATABASE);
          if (world.profile().readOnly()) {
            control(Control.SET_DB_READONLY, 0, Bytes.ofInt(databaseId), _ -> think());
          } else {
            think();
          }
        });
  }

  @Override
  void lost() {
    ledger.released(this);
  }

  private void think() {
    if (random.nextInt(world.profile().deathRate()) == 0 && world.faults().on()) {
      die();
      world.replace(node);
      return;
    }
    later(random.nextLong(world.profile().thinkNanos()), this::begin);
  }

  private void begin() {
    if (!world.working()) {
      later(RETRY_NANOS, this::begin);
      return;
    }
    key = ledger.key(random);
    if (world.profile().readOnly() && random.nextInt(3) == 0) {
      read();
      return;
    }
    lock();
  }

  private void lock() {
    if (!store.tryLock(key, this)) {
      later(POLL_NANOS, this::lock);
      return;
    }
    StoredRecord record = store.get(key);
    if (record == null
        || record.header().dmaster() != node.pnn()
        || record.header().hasAny(RecordFlags.RO_HAVE_DELEGATIONS)) {
      store.unlock(key, this);
      call(
          databaseId,
          Calls.NULL,
          Calls.FLAG_IMMEDIATE_MIGRATION,
          key.bytes(),
          reply -> {
            Violation.unless(reply.status() == 0, "a call was answered %d", reply.status());
            lock();
          });
      if (random.nextInt(world.profile().deathRate()) == 0 && world.faults().on()) {
        die();
        world.replace(node);
      }
      return;
    }
    ledger.acquired(this, key, record);
    long hold =
        random.nextInt(400) == 0
            ? random.nextLong(world.profile().longHoldNanos())
            : random.nextLong(1_000_000);
    later(hold, () -> write(record));
  }

  private void write(StoredRecord record) {
    Violation.unless(
        record.equals(store.get(key)),
        "node %d: %s was changed to %s while a process held its lock",
        node.pnn(),
        record,
        store.get(key));
    if (random.nextInt(world.profile().deathRate()) == 0 && world.faults().on()) {
      die();
      world.replace(node);
      return;
    }
    store.put(key, record.header(), ledger.increment(this, key, record));
    ledger.released(this);
    store.unlock(key, this);
    think();
  }

  private void read() {
    StoredRecord record = store.get(key);
    if (record != null
        && (record.header().dmaster() == node.pnn()
            || record.header().hasAny(RecordFlags.RO_HAVE_READONLY))) {
      think();
      return;
    }
    call(databaseId, Calls.FETCH, Calls.FLAG_WANT_READONLY, key.bytes(), _ -> think());
  }
}
