// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.memory.StoreOperation;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqDmaster;
import org.junit.jupiter.api.Test;

/** Calls and migrations; numbers and packets are those seen on three ctdbd 4.17.12. */
class MigrationTest {
  private final TestCluster cluster = new TestCluster(3, 0);
  private final RecordKey key = cluster.keyOf(0, 0);

  @Test
  void sequenceNumbersAndFlagsAreThoseOfCtdbd() {
    assertEquals(1, cluster.migrate(1, key));
    assertEquals("n0{1,dm1} n1{3,dm1} n2{-}", cluster.all(key));
    assertEquals(1, cluster.migrate(2, key));
    assertEquals("n0{3,dm2} n1{-} n2{5,dm2}", cluster.all(key));
    assertEquals(1, cluster.migrate(0, key));
    assertEquals("n0{7,dm0} n1{-} n2{-}", cluster.all(key));
    cluster.write(0, key, "data");
    assertEquals(1, cluster.migrate(1, key));
    assertEquals("n0{7,dm1,1} n1{9,dm1,1} n2{-}", cluster.all(key));
    assertEquals(Bytes.ofText("data"), cluster.node(1).store.get(key).data());
  }

  @Test
  void recordTravelsByTheLocationMaster() {
    cluster.migrate(1, key);
    cluster.takeWire();
    cluster.migrate(2, key);
    assertEquals(
        List.of(
            "2>0 REQ_CALL src2 hop0",
            "0>1 REQ_CALL src2 hop1",
            "1>0 REQ_DMASTER rsn3 dm2",
            "0>2 REPLY_DMASTER rsn3"),
        cluster.takeWire());
    assertEquals(1, cluster.node(1).hopCounts.get(1));
    assertEquals(1, cluster.node(1).engine.statistics().hopCounts().get(1));
  }

  @Test
  void localCallRaisesTheSequenceNumberByOneAndShowsTheHeaderBefore() {
    cluster.migrate(0, key);
    assertEquals("2,dm0", cluster.at(0, key));
    cluster.write(0, key, "data");
    var fetch = cluster.answers(0, key, Calls.FETCH, 0);
    assertEquals(Bytes.ofText("data"), fetch.getFirst().data());
    assertEquals("3,dm0", cluster.at(0, key));
    var withHeader = cluster.answers(0, key, Calls.FETCH_WITH_HEADER, 0).getFirst().data();
    assertEquals(new RecordHeader(3, 0, 0), RecordHeader.decode(withHeader));
    assertEquals(Bytes.ofText("data"), withHeader.from(RecordHeader.SIZE));
    assertEquals("4,dm0", cluster.at(0, key));
    var unknown = cluster.answers(0, key, 0x42, 0).getFirst();
    assertEquals(0, unknown.status());
    assertTrue(unknown.data().isEmpty());
    assertEquals("4,dm0", cluster.at(0, key));
    assertEquals(List.of(), cluster.takeWire());
  }

  @Test
  void remoteFetchMigratesTheRecordAndAnswersItsData() {
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    var fetch = cluster.answers(2, key, Calls.FETCH, Calls.FLAG_WANT_READONLY);
    assertEquals(Bytes.ofText("data"), fetch.getFirst().data());
    assertEquals(7, fetch.getFirst().header().reqid());
    assertEquals("n0{2,dm2,1} n1{-} n2{4,dm2,1}", cluster.all(key));
  }

  @Test
  void oneCallPerKeyIsUnderWayFromANode() {
    int[] clients = new int[4];
    for (int i = 0; i < 4; i++) {
      clients[i] = cluster.connect(1);
      cluster.call(1, clients[i], key, Calls.NULL, 1);
    }
    cluster.time.passSeconds(1);
    assertEquals(List.of("1>0 REQ_CALL src1 hop0", "0>1 REPLY_DMASTER rsn1"), cluster.takeWire());
    for (int client : clients) {
      assertEquals(1, cluster.node(1).replies.get(client).size());
    }
    assertEquals("6,dm1", cluster.at(1, key)); // 3 by the migration, 3 by local calls
    assertEquals(7, cluster.node(1).count(Counter.TOTAL_CALLS));
    assertEquals(0, cluster.node(1).count(Counter.PENDING_CALLS));
  }

  @Test
  void withoutCollapseEachClientSendsItsOwn() {
    cluster.tunables.put(Tunable.FETCH_COLLAPSE, 0);
    int[] clients = new int[4];
    for (int i = 0; i < 4; i++) {
      clients[i] = cluster.connect(1);
      cluster.call(1, clients[i], key, Calls.NULL, 1);
    }
    cluster.time.passSeconds(1);
    for (int client : clients) {
      assertEquals(1, cluster.node(1).replies.get(client).size());
    }
    assertEquals(4, cluster.takeWire().stream().filter("1>0 REQ_CALL src1 hop0"::equals).count());
  }

  @Test
  void collapsedCallsGoOnAfterThirtySeconds() {
    int lost = cluster.connect(1);
    int other = cluster.connect(1);
    cluster.node(0).store.tryLock(key, "smbd");
    cluster.call(1, lost, key, Calls.NULL, 1);
    cluster.call(1, other, key, Calls.NULL, 1);
    cluster.time.passSeconds(29);
    assertEquals(List.of("1>0 REQ_CALL src1 hop0"), cluster.takeWire());
    cluster.time.passSeconds(2);
    assertEquals(List.of("1>0 REQ_CALL src1 hop0"), cluster.takeWire());
    cluster.node(0).store.unlock(key, "smbd");
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(1).replies.get(lost).size());
    assertEquals(1, cluster.node(1).replies.get(other).size());
  }

  @Test
  void heldChainDelaysOnlyItsOwnRecords() {
    int n = 1;
    while (Integer.remainderUnsigned(cluster.keyOf(0, n).hash(), TestNode.CHAINS)
        == Integer.remainderUnsigned(key.hash(), TestNode.CHAINS)) {
      n++;
    }
    RecordKey free = cluster.keyOf(0, n);
    cluster.node(0).store.tryLock(key, "smbd");
    int waiting = cluster.connect(1);
    cluster.call(1, waiting, key, Calls.NULL, 1);
    int local = cluster.connect(0);
    cluster.call(0, local, key, Calls.NULL, 1);
    assertEquals(1, cluster.migrate(1, free));
    cluster.time.passSeconds(5);
    assertEquals(0, cluster.node(1).replies.get(waiting).size());
    assertEquals(0, cluster.node(0).replies.get(local).size());
    cluster.node(0).store.unlock(key, "smbd");
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(1).replies.get(waiting).size());
    assertEquals(1, cluster.node(0).replies.get(local).size());
    assertEquals(2, cluster.node(0).count(Counter.LOCK_CALLS));
    assertEquals(0, cluster.node(0).count(Counter.LOCK_CURRENT));
  }

  @Test
  void callsOfNodesWaitBehindAnArrivingRecord() {
    cluster.migrate(1, key);
    cluster.takeWire();
    // n2's record arrives while an smbd holds the chain there; n0's call for it must wait behind.
    cluster.node(2).store.tryLock(key, "smbd");
    int client = cluster.connect(2);
    cluster.node(2).store.unlock(key, "smbd");
    cluster.call(2, client, key, Calls.NULL, 1);
    cluster.node(2).store.tryLock(key, "smbd");
    cluster.time.passMillis(10);
    assertEquals("n0{3,dm2} n1{-} n2{-}", cluster.all(key));
    int second = cluster.connect(0);
    cluster.call(0, second, key, Calls.NULL, 1);
    cluster.time.passSeconds(3);
    assertEquals(
        List.of(
            "2>0 REQ_CALL src2 hop0",
            "0>1 REQ_CALL src2 hop1",
            "1>0 REQ_DMASTER rsn3 dm2",
            "0>2 REPLY_DMASTER rsn3",
            "0>2 REQ_CALL src0 hop0"),
        cluster.takeWire());
    cluster.node(2).store.unlock(key, "smbd");
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(2).replies.get(client).size());
    assertEquals(1, cluster.node(0).replies.get(second).size());
    assertEquals("n0{7,dm0} n1{-} n2{-}", cluster.all(key));
  }

  @Test
  void packetsThatWaitAreDroppedWhenTheGenerationChangesAndCallsAreSentAgain() {
    cluster.migrate(1, key);
    cluster.write(1, key, "data");
    cluster.node(1).store.tryLock(key, "smbd");
    int client = cluster.connect(2);
    cluster.call(2, client, key, Calls.NULL, 1);
    cluster.time.passMillis(10); // the call waits on n1
    cluster.node(1).store.unlock(key, "smbd");
    cluster.node(1).store.freeze(_ -> {});
    cluster.takeWire();
    cluster.freeze();
    int before = cluster.node(2).count(Counter.PENDING_CALLS);
    cluster.recover(0x5678, 1);
    cluster.time.passSeconds(1);
    assertEquals(1, before);
    assertEquals(
        List.of(
            "2>2 REQ_CALL src2 hop0",
            "2>0 REQ_CALL src2 hop1",
            "0>1 REQ_CALL src2 hop2",
            "1>0 REQ_DMASTER rsn4 dm2",
            "0>2 REPLY_DMASTER rsn4"),
        cluster.takeWire());
    assertEquals(1, cluster.node(2).replies.get(client).size());
    assertEquals(List.of(), cluster.node(0).forcedRecoveries);
  }

  @Test
  void callIsAnsweredByTheOwnNodeIfTheRecoveryBroughtTheRecordThere() {
    cluster.migrate(1, key);
    cluster.write(1, key, "data");
    cluster.freeze();
    int client = cluster.connect(2);
    cluster.call(2, client, key, Calls.FETCH, 0);
    cluster.time.passSeconds(2);
    assertEquals(0, cluster.node(2).replies.get(client).size());
    cluster.recover(0x5678, 2);
    cluster.time.passSeconds(1);
    assertEquals(Bytes.ofText("data"), cluster.node(2).replies.get(client).getFirst().data());
  }

  @Test
  void packetsOfAnOldGenerationChangeNothing() {
    cluster.migrate(1, key);
    int client = cluster.connect(2);
    cluster.minimumDelayNanos = 10_000_000;
    cluster.call(2, client, key, Calls.NULL, 1);
    cluster.freeze();
    cluster.recover(0x5678, 0); // the call is still under way
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(2).replies.get(client).size());
    assertEquals(0, cluster.node(2).count(Counter.PENDING_CALLS));
    assertEquals("n0{1,dm2} n1{-} n2{3,dm2}", cluster.all(key));
  }

  @Test
  void recordArrivesThoughItsClientHasGone() {
    int client = cluster.connect(1);
    int other = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster.call(1, other, key, Calls.NULL, 1);
    cluster.node(1).disconnect(client);
    cluster.time.passSeconds(1);
    assertEquals(0, cluster.node(1).replies.get(client).size());
    assertEquals(1, cluster.node(1).replies.get(other).size());
    assertEquals(0, cluster.node(1).count(Counter.PENDING_CALLS));
    assertEquals("1,dm1", cluster.at(0, key));
    assertTrue(cluster.node(0).forcedRecoveries.isEmpty());
  }

  @Test
  void clientThatDiesWhileItsCallWaitsForALockIsForgotten() {
    cluster.migrate(1, key);
    cluster.node(1).store.tryLock(key, "smbd");
    int client = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster.node(1).disconnect(client);
    cluster.node(1).connect(client); // the id is given to somebody else
    cluster.node(1).store.unlock(key, "smbd");
    cluster.time.passSeconds(1);
    assertEquals(0, cluster.node(1).replies.get(client).size());
    assertEquals("3,dm1", cluster.at(1, key));
  }

  @Test
  void clientThatDiesBehindAnotherCallIsForgotten() {
    int first = cluster.connect(1);
    int second = cluster.connect(1);
    cluster.call(1, first, key, Calls.NULL, 1);
    cluster.call(1, second, key, Calls.NULL, 1);
    cluster.node(1).disconnect(second);
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(1).replies.get(first).size());
    assertEquals(0, cluster.node(1).replies.get(second).size());
    assertEquals("3,dm1", cluster.at(1, key));
  }

  @Test
  void contradictingDmasterPacketsForceARecoveryAndChangeNothing() {
    cluster.migrate(1, key);
    var header = new Header(0x1234, 0, 2, 5);
    var stranger = new ReqDmaster(header, TestNode.DATABASE, 99, 2, key.bytes(), Bytes.EMPTY, 0);
    cluster.node(0).input(stranger);
    assertEquals(1, cluster.node(0).forcedRecoveries.size());
    cluster.node(2).input(stranger); // not even location master
    assertEquals(1, cluster.node(2).forcedRecoveries.size());
    cluster
        .node(1)
        .input(new ReplyDmaster(header, TestNode.DATABASE, 3, key.bytes(), Bytes.EMPTY, 0));
    assertEquals(1, cluster.node(1).forcedRecoveries.size());
    assertEquals("n0{1,dm1} n1{3,dm1} n2{-}", cluster.all(key));
  }

  @Test
  void refusedCallIsTriedAgain() {
    cluster.node(0).store.tryLock(key, "smbd");
    int client = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster.time.passMillis(10); // it waits for the lock on n0
    int reqid = 0x7FFFFF38;
    cluster
        .node(1)
        .input(new ReplyError(new Header(0, 1, 0, reqid), -1, "Unknown database in request."));
    cluster.node(0).store.unlock(key, "smbd");
    cluster.node(0).engine.setGeneration(0x1235); // what waited there is lost
    cluster.time.passMillis(500);
    cluster.node(0).engine.setGeneration(0x1234);
    assertEquals(0, cluster.node(1).replies.get(client).size());
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(1).replies.get(client).size());
    assertEquals(0, cluster.node(1).count(Counter.PENDING_CALLS));
  }

  @Test
  void commitKeepsRecordsHere() {
    cluster.migrate(0, key);
    cluster.node(0).engine.setCommitRunning(true);
    assertEquals(0, cluster.migrate(1, key));
    assertEquals(1, cluster.migrate(0, key)); // neither the lock nor local calls are affected
    cluster.node(0).engine.setCommitRunning(false);
    assertEquals(1, cluster.migrate(1, key));
  }

  @Test
  void recordThatCannotBeStoredIsNotLost() {
    cluster.migrate(0, key);
    cluster.write(0, key, "precious");
    int client = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster
        .node(1)
        .store
        .setFaults((operation, _) -> operation == StoreOperation.STORE ? "disk full" : null);
    cluster.time.passMillis(100);
    assertEquals(1, cluster.node(1).forcedRecoveries.size());
    assertTrue(cluster.node(1).forcedRecoveries.getFirst().contains(key.toString()));
    assertTrue(cluster.node(1).forcedRecoveries.getFirst().contains("disk full"));
    assertEquals(0, cluster.node(1).replies.get(client).size());
    assertEquals("n0{2,dm1,1} n1{-} n2{-}", cluster.all(key));
    cluster.node(1).store.setFaults((_, _) -> null);
    cluster.freeze();
    cluster.recover(0x5678, 0);
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(1).replies.get(client).size());
    assertEquals(Bytes.ofText("precious"), cluster.node(1).store.get(key).data());
  }

  @Test
  void dataMasterThatCannotWriteGivesNothingAway() {
    cluster.migrate(1, key);
    cluster.write(1, key, "precious");
    cluster.takeWire();
    cluster
        .node(1)
        .store
        .setFaults((operation, _) -> operation == StoreOperation.STORE ? "I/O error" : null);
    assertEquals(0, cluster.migrate(2, key));
    assertEquals(1, cluster.node(1).forcedRecoveries.size());
    assertEquals("n0{1,dm1} n1{3,dm1} n2{-}", cluster.all(key));
  }

  @Test
  void clientIsAnsweredWhenTheOwnFileWorksAgain() {
    cluster
        .node(0)
        .store
        .setFaults((operation, _) -> operation == StoreOperation.FETCH ? "damaged" : null);
    int client = cluster.connect(0);
    cluster.call(0, client, key, Calls.NULL, 1);
    cluster.time.passMillis(2500);
    assertEquals(0, cluster.node(0).replies.get(client).size());
    assertNotEquals(List.of(), cluster.node(0).forcedRecoveries);
    cluster.node(0).store.setFaults((_, _) -> null);
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(0).replies.get(client).size());
  }

  @Test
  void scheduledKeysAreThoseThatBecameEmptyHere() {
    cluster.migrate(1, key);
    assertEquals(0, cluster.node(1).store.get(key).header().flags() & RecordFlags.AUTOMATIC);
    assertEquals(0, cluster.migrate(1, key) - 1);
    assertEquals("4,dm1", cluster.at(1, key));
  }
}
