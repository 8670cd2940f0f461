// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordBuffer;

/**
 * Changes a persistent database as Samba does: under a lock that all transactions of the cluster
 * share, reads the own file, sends everything to the daemon as one commit with the transaction
 * number raised, and sends it again until it is in.
 */
final class TransactionWorker extends SimClient {
  private static final long RETRY_NANOS = 1_000_000_000L;
  private static final long POLL_NANOS = 10_000_000;

  private final TransactionLedger ledger;
  private int databaseId;
  private MemoryDatabaseStore store;
  private long sequence;
  private long value;
  private Bytes commit;

  TransactionWorker(Simulation world, SimNode node) {
    super(world, node);
    this.ledger = world.transactions();
  }

  @Override
  void connected() {
    control(
        Control.DB_ATTACH_PERSISTENT,
        0,
        Bytes.ofTerminated(TransactionLedger.DATABASE),
        reply -> {
          if (reply.status() != 0) {
            later(RETRY_NANOS, this::connected);
            return;
          }
          databaseId = reply.data().getInt(0);
          store = node.store(TransactionLedger.DATABASE);
          think();
        });
  }

  @Override
  void lost() {
    ledger.end(this);
  }

  private void think() {
    later(random.nextLong(RETRY_NANOS), this::begin);
  }

  private void begin() {
    if (!world.working() || !ledger.begin(this)) {
      think();
      return;
    }
    read(this::start);
  }

  /** Runs when the file can be read; while it is frozen a process waits for its lock. */
  private void read(Runnable then) {
    if (!store.tryLock(TransactionLedger.SEQUENCE, this)) {
      later(POLL_NANOS, () -> read(then));
      return;
    }
    store.unlock(TransactionLedger.SEQUENCE, this);
    then.run();
  }

  private void start() {
    sequence = TransactionLedger.number(store.get(TransactionLedger.SEQUENCE));
    ledger.check(node, sequence, TransactionLedger.number(store.get(TransactionLedger.VALUE)));
    value = ledger.tryCommit(sequence + 1);
    commit =
        new RecordBuffer.Builder(databaseId)
            .add(
                0,
                TransactionLedger.VALUE.bytes(),
                next(TransactionLedger.VALUE),
                Bytes.ofLong(value))
            .add(
                0,
                TransactionLedger.SEQUENCE.bytes(),
                next(TransactionLedger.SEQUENCE),
                Bytes.ofLong(sequence + 1))
            .build();
    send();
  }

  private RecordHeader next(RecordKey key) {
    StoredRecord record = store.get(key);
    return record == null
        ? new RecordHeader(1, node.pnn(), 0)
        : record.header().withRsn(record.header().rsn() + 1).withDmaster(node.pnn());
  }

  private void send() {
    control(Control.TRANS3_COMMIT, databaseId, commit, reply -> answered(reply.status()));
    if (random.nextInt(world.profile().deathRate()) == 0 && world.faults().on()) {
      later(
          random.nextLong(POLL_NANOS),
          () -> {
            die();
            world.replaceTransactions(node);
          });
    }
  }

  private void answered(int status) {
    if (status == 0) {
      done();
    } else {
      later(POLL_NANOS, () -> read(this::judge));
    }
  }

  /** The commit was not answered with success: the transaction number tells whether it is in. */
  private void judge() {
    long now = TransactionLedger.number(store.get(TransactionLedger.SEQUENCE));
    if (now == sequence) {
      send();
    } else if (now == sequence + 1) {
      if (TransactionLedger.number(store.get(TransactionLedger.VALUE)) == value) {
        done();
        return;
      }
      // A recovery has completed the transaction of a writer who had died. Samba takes that for its
      // own one, whoever the daemon is.
      ledger.end(this);
      think();
    } else {
      // More than one writer had died. What is found must still be what somebody has tried.
      ledger.check(node, now, TransactionLedger.number(store.get(TransactionLedger.VALUE)));
      ledger.end(this);
      think();
    }
  }

  private void done() {
    ledger.committed(node, sequence + 1, value);
    ledger.end(this);
    think();
  }
}
