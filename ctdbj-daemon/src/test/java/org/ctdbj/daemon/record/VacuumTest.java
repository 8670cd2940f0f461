// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordData;
import org.junit.jupiter.api.Test;

/** How empty records vanish. */
class VacuumTest {
  private final TestCluster cluster = new TestCluster(3, 0);
  private final RecordKey key = cluster.keyOf(0, 0);

  private int vacuum(int pnn, boolean full) {
    List<Integer> status = new ArrayList<>();
    cluster.node(pnn).engine.vacuum(full, status::add);
    cluster.time.passMillis(500);
    assertEquals(1, status.size());
    return status.getFirst();
  }

  /** As smbd deletes: the header stays, and the daemon is told. */
  private void delete(int pnn) {
    var header = cluster.node(pnn).store.get(key).header();
    cluster.node(pnn).store.put(key, header, Bytes.EMPTY);
    cluster.node(pnn).engine.scheduleForDeletion(key, header);
  }

  @Test
  void recordThatHadDataElsewhereComesHomeAndVanishesEverywhere() {
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    cluster.migrate(2, key);
    cluster.migrate(1, key);
    assertEquals("n0{4,dm1,1} n1{6,dm1,1} n2{4,dm1,1}", cluster.all(key));
    delete(1);
    assertEquals(0, vacuum(1, false));
    assertEquals(List.of("1>0 VACUUM_FETCH"), cluster.controls);
    assertEquals(0, vacuum(0, false));
    assertEquals("n0{8,dm0,1} n1{6,dm0,1} n2{4,dm1,1}", cluster.all(key));
    assertEquals(0, vacuum(0, false));
    assertEquals("n0{-} n1{-} n2{-}", cluster.all(key));
    assertEquals(
        List.of("1>0 VACUUM_FETCH", "0>1 TRY_DELETE_RECORDS", "0>2 TRY_DELETE_RECORDS"),
        cluster.controls);
    assertEquals(2, cluster.node(0).engine.statistics().vacuum().count());
  }

  @Test
  void recordThatNeverHadDataComesHomeWithOneIncrementAndIsDeletedThere() {
    cluster.migrate(1, key);
    assertEquals("n0{1,dm1} n1{3,dm1} n2{-}", cluster.all(key));
    assertEquals(0, vacuum(1, false));
    assertEquals(0, vacuum(0, false));
    assertEquals("n0{4,dm0} n1{-} n2{-}", cluster.all(key));
    assertEquals(0, vacuum(0, false));
    assertEquals("n0{-} n1{-} n2{-}", cluster.all(key));
  }

  @Test
  void recordInUseAgainIsKept() {
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    cluster.migrate(1, key);
    cluster.migrate(0, key);
    delete(0);
    cluster.write(0, key, "again");
    assertEquals(0, vacuum(0, false));
    assertEquals(Bytes.ofText("again"), cluster.node(0).store.get(key).data());
  }

  @Test
  void busyRecordIsLeftForTheNextRun() {
    cluster.migrate(0, key);
    cluster.node(0).store.tryLock(key, "smbd");
    assertEquals(0, vacuum(0, false));
    assertEquals("2,dm0", cluster.at(0, key));
    cluster.node(0).store.unlock(key, "smbd");
    assertEquals(0, vacuum(0, false));
    assertEquals("-", cluster.at(0, key));
  }

  @Test
  void recordThatANodeKeepsIsKeptEverywhere() {
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    cluster.migrate(1, key);
    cluster.migrate(0, key);
    delete(0);
    cluster.node(1).store.tryLock(key, "smbd");
    assertEquals(0, vacuum(0, false));
    assertTrue(cluster.node(0).store.get(key) != null);
    cluster.node(1).store.unlock(key, "smbd");
    assertEquals(0, vacuum(0, false));
    assertTrue(cluster.node(0).store.get(key) != null); // not in the queue any more
    assertEquals(0, vacuum(0, true));
    assertEquals("n0{-} n1{-} n2{-}", cluster.all(key));
  }

  @Test
  void nodeThatDoesNotAnswerStopsTheDeletion() {
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    cluster.migrate(1, key);
    cluster.migrate(0, key);
    delete(0);
    cluster.node(0).unreachable.add(2);
    assertEquals(-1, vacuum(0, false));
    assertTrue(cluster.node(0).store.get(key) != null);
    cluster.node(0).unreachable.clear();
    assertEquals(0, vacuum(0, false));
    assertEquals("n0{-} n1{-} n2{-}", cluster.all(key));
  }

  @Test
  void timerRunsFastAndThenFull() {
    cluster.tunables.put(Tunable.VACUUM_FAST_PATH_COUNT, 2);
    cluster.migrate(0, key);
    cluster.node(0).engine.wiped(); // forgotten by the queue, so only a full run finds it
    cluster.node(0).engine.startVacuuming();
    cluster.time.passSeconds(25);
    assertEquals("2,dm0", cluster.at(0, key));
    assertEquals(2, cluster.node(0).engine.statistics().vacuum().count());
    cluster.time.passSeconds(10);
    assertEquals("-", cluster.at(0, key));
  }

  @Test
  void noRunDuringFreezeOrRecoveryOrBesideAnother() {
    cluster.node(0).store.freeze(_ -> {});
    assertEquals(-1, vacuum(0, false));
    cluster.node(0).store.thaw();
    cluster.node(0).recoveryMode = RecoveryMode.ACTIVE;
    assertEquals(-1, vacuum(0, false));
    cluster.node(0).recoveryMode = RecoveryMode.NORMAL;
    List<Integer> status = new ArrayList<>();
    cluster.node(0).engine.vacuum(false, status::add);
    cluster.node(0).engine.vacuum(false, status::add);
    cluster.time.passSeconds(1);
    assertEquals(List.of(-1, 0), status);
  }

  @Test
  void freezeEndsARunAndNothingIsForgotten() {
    cluster.migrate(1, key);
    vacuum(1, false);
    cluster.node(1).store.tryLock(key, "smbd"); // the call that brings it home waits
    List<Integer> status = new ArrayList<>();
    cluster.node(0).engine.vacuum(false, status::add);
    cluster.time.passMillis(10);
    cluster.node(0).recoveryMode = RecoveryMode.ACTIVE;
    cluster.tunables.put(Tunable.VACUUM_MAX_RUN_TIME, 5);
    cluster.time.passSeconds(121);
    assertEquals(List.of(-1), status);
    cluster.node(0).recoveryMode = RecoveryMode.NORMAL;
    cluster.node(1).store.unlock(key, "smbd");
    cluster.time.passSeconds(1);
    vacuum(0, false);
    vacuum(0, false);
    assertEquals("n0{-} n1{-} n2{-}", cluster.all(key));
    assertEquals(0, cluster.node(0).count(Counter.PENDING_CALLS));
  }

  @Test
  void thousandsOfRecordsAreDeletedInManyPieces() {
    List<RecordKey> keys = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      var many = TestCluster.key("many" + i);
      if (StoreRules.lmaster(cluster.map, many) == 0) {
        keys.add(many);
        var header = new RecordHeader(5, 0, RecordFlags.MIGRATED_WITH_DATA);
        cluster.node(0).store.put(many, header, Bytes.EMPTY);
        cluster.node(1).store.put(many, header.withRsn(3), Bytes.ofText("old"));
      }
    }
    assertTrue(keys.size() > VacuumRun.CONTROL_RECORDS);
    assertEquals(0, vacuum(0, true));
    assertEquals(0, cluster.node(0).store.records().size());
    assertEquals(0, cluster.node(1).store.records().size());
  }

  @Test
  void nodeRefusesToDeleteWhatIsOrMayBeNeeded() {
    var engine = cluster.node(1).engine;
    var store = cluster.node(1).store;
    RecordKey own = cluster.keyOf(1, 0);
    var header = new RecordHeader(10, 0, RecordFlags.MIGRATED_WITH_DATA);
    var locationMaster = new RecordData(1, own.bytes(), header.encode());
    assertEquals(List.of(locationMaster), engine.tryDelete(List.of(locationMaster)));
    var record = new RecordData(1, key.bytes(), header.encode());
    assertEquals(List.of(), engine.tryDelete(List.of(record))); // there is none
    store.put(key, header.withRsn(11), Bytes.EMPTY);
    assertEquals(List.of(record), engine.tryDelete(List.of(record)));
    store.put(key, header.withDmaster(1), Bytes.EMPTY);
    assertEquals(List.of(record), engine.tryDelete(List.of(record)));
    store.put(key, header.withFlags(RecordFlags.RO_HAVE_READONLY), Bytes.EMPTY);
    assertEquals(List.of(record), engine.tryDelete(List.of(record)));
    store.put(key, header, Bytes.ofText("out of date"));
    var readOnly =
        new RecordData(1, key.bytes(), header.withFlags(RecordFlags.RO_HAVE_DELEGATIONS).encode());
    assertEquals(List.of(readOnly), engine.tryDelete(List.of(readOnly)));
    var withData =
        new RecordData(1, key.bytes(), RecordAccess.withHeader(header, Bytes.ofText("x")));
    assertEquals(List.of(withData), engine.tryDelete(List.of(withData)));
    store.tryLock(key, "smbd");
    assertEquals(List.of(record), engine.tryDelete(List.of(record)));
    store.unlock(key, "smbd");
    assertEquals(List.of(), engine.tryDelete(List.of(record)));
    assertEquals("-", cluster.at(1, key));
  }

  @Test
  void persistentDatabaseIsNotVacuumed() {
    var persistent = new TestCluster(1, DatabaseFlags.PERSISTENT);
    List<Integer> status = new ArrayList<>();
    persistent.node(0).engine.vacuum(true, status::add);
    persistent.time.passSeconds(1);
    assertEquals(List.of(-1), status);
  }
}
