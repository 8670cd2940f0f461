// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Srvid;
import org.junit.jupiter.api.Test;

/** What a recovery does to the databases, and what it does when a node fails it. */
class DatabaseRecoveryTest {
  private static final String SEQNUM = "__db_sequence_number__";

  @Test
  void sendsTheControlsOfCtdbdInItsOrder() {
    var cluster = settled(2);
    database(cluster, "locking.tdb", 0, 0, 1);
    cluster.trace.clear();
    recover(cluster);
    var toPeer =
        new ArrayList<>(
            cluster.trace.stream()
                .filter(line -> line.startsWith("0>1 "))
                .map(line -> line.substring(4))
                .dropWhile(line -> !line.equals("MODIFY_FLAGS"))
                .dropWhile(line -> line.equals("MODIFY_FLAGS"))
                .toList());
    int end = toPeer.indexOf("IPREALLOCATED");
    assertEquals(
        List.of(
            "GET_NODEMAP",
            "GET_CAPABILITIES",
            "GET_DBMAP",
            "SET_RECMODE",
            "START_RECOVERY",
            "SETVNNMAP",
            "GET_DBNAME",
            "DB_FREEZE",
            "DB_TRANSACTION_START",
            "DB_PULL",
            "WIPE_DATABASE",
            "DB_PUSH_START",
            "DB_PUSH_CONFIRM",
            "DB_TRANSACTION_COMMIT",
            "DB_THAW",
            "GET_NODEMAP",
            "SET_RECMODE",
            "END_RECOVERY",
            "GET_PUBLIC_IPS",
            "IPREALLOCATED"),
        toPeer.subList(0, end + 1));
  }

  @Test
  void volatileRecordsAreMergedAndBelongToTheLeader() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 0, 1, 2);
    db(cluster, 0, "v.tdb").put("k", 5, 2, 0, "old");
    db(cluster, 1, "v.tdb").put("k", 7, 1, RecordFlags.RO_HAVE_DELEGATIONS, "new");
    db(cluster, 2, "v.tdb").put("k", 5, 2, 0, "old");
    db(cluster, 2, "v.tdb").put("only", 1, 2, RecordFlags.MIGRATED_WITH_DATA, "here");
    db(cluster, 0, "v.tdb").put("deleted", 9, 0, 0, "");
    db(cluster, 1, "v.tdb").put("deleted", 3, 0, 0, "stale");
    recover(cluster);
    for (int pnn = 0; pnn < 3; pnn++) {
      var records = db(cluster, pnn, "v.tdb").records;
      int own = pnn == 0 ? 1 : 0; // storing on the data master raises the rsn
      assertEquals(Set.of("k", "only"), records.keySet());
      assertEquals(
          new FakeDatabase.Copy(
              new RecordHeader(7 + own, 0, RecordFlags.MIGRATED_WITH_DATA), "new"),
          records.get("k"));
      assertEquals(
          new FakeDatabase.Copy(
              new RecordHeader(1 + own, 0, RecordFlags.MIGRATED_WITH_DATA), "here"),
          records.get("only"));
      assertFalse(db(cluster, pnn, "v.tdb").frozen);
    }
  }

  @Test
  void persistentDatabaseIsTakenWholeFromTheHighestSequenceNumber() {
    var cluster = settled(3);
    int flags = DatabaseFlags.PERSISTENT;
    database(cluster, "p.tdb", flags, 0, 1, 2);
    db(cluster, 0, "p.tdb").put("k", 90, 0, 0, "loses");
    db(cluster, 0, "p.tdb").put("vanishes", 90, 0, 0, "x");
    db(cluster, 0, "p.tdb").put(SEQNUM, 1, 0, 0, "4");
    db(cluster, 1, "p.tdb").put("k", 3, 2, 0x77, "wins");
    db(cluster, 1, "p.tdb").put("empty", 3, 2, 0, "");
    db(cluster, 1, "p.tdb").put(SEQNUM, 8, 0, 0, "5");
    db(cluster, 2, "p.tdb").put("k", 95, 2, 0, "ties but is later");
    db(cluster, 2, "p.tdb").put(SEQNUM, 8, 0, 0, "5");
    recover(cluster);
    for (int pnn = 0; pnn < 3; pnn++) {
      var records = db(cluster, pnn, "p.tdb").records;
      assertEquals(Set.of("k", SEQNUM), records.keySet());
      assertEquals(new FakeDatabase.Copy(new RecordHeader(3, 2, 0x77), "wins"), records.get("k"));
    }
    assertEquals(1, cluster.trace.stream().filter(line -> line.endsWith("DB_PULL")).count());
  }

  @Test
  void replicatedDatabaseIsTakenWholeButBelongsToTheLeader() {
    var cluster = settled(2);
    database(cluster, "r.tdb", DatabaseFlags.REPLICATED, 0, 1);
    db(cluster, 1, "r.tdb").put("k", 3, 1, 0, "wins");
    db(cluster, 1, "r.tdb").put(SEQNUM, 1, 1, 0, "9");
    db(cluster, 0, "r.tdb").put("k", 70, 0, 0, "loses");
    recover(cluster);
    for (int pnn = 0; pnn < 2; pnn++) {
      assertEquals(
          new FakeDatabase.Copy(new RecordHeader(3, 0, RecordFlags.MIGRATED_WITH_DATA), "wins"),
          db(cluster, pnn, "r.tdb").records.get("k"));
    }
  }

  @Test
  void databaseIsAttachedWhereItIsMissing() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 1);
    database(cluster, "p.tdb", DatabaseFlags.PERSISTENT, 2);
    database(cluster, "r.tdb", DatabaseFlags.REPLICATED, 0);
    db(cluster, 1, "v.tdb").put("k", 1, 1, 0, "v");
    recover(cluster);
    for (int pnn = 0; pnn < 3; pnn++) {
      assertEquals(3, cluster.node(pnn).databases.size());
      assertEquals("v", db(cluster, pnn, "v.tdb").records.get("k").value());
      assertEquals(DatabaseFlags.PERSISTENT, db(cluster, pnn, "p.tdb").flags);
      assertEquals(DatabaseFlags.REPLICATED, db(cluster, pnn, "r.tdb").flags);
    }
  }

  @Test
  void recordsOfANodeThatWasInactiveDoNotComeBack() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 0, 1, 2);
    db(cluster, 2, "v.tdb").put("k", 5, 2, 0, "v");
    recover(cluster);
    cluster.time.runSeconds(12);
    cluster.node(2).becomeInactive(NodeFlags.STOPPED);
    cluster.time.runUntil(30, cluster::settled);
    db(cluster, 0, "v.tdb").records.remove("k");
    db(cluster, 1, "v.tdb").records.remove("k");
    cluster.time.runSeconds(12);
    cluster.node(2).flags[2] = 0;
    cluster.time.runUntil(30, cluster::settled);
    assertEquals(3, cluster.node(0).map.lmasters().size());
    for (int pnn = 0; pnn < 3; pnn++) {
      assertEquals(Set.of(), db(cluster, pnn, "v.tdb").records.keySet());
    }
  }

  @Test
  void nodeThatCannotFreezeIsBannedAfterThreeAttempts() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 0, 1, 2);
    db(cluster, 1, "v.tdb").put("k", 5, 1, 0, "v");
    cluster.node(2).faults.put(Control.DB_FREEZE, data -> FakeNode.SILENCE);
    cluster.trace.clear();
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    double seconds =
        cluster.time.runUntil(
            200, () -> cluster.node(0).map.lmasters().size() == 2 && cluster.settled());
    assertTrue(seconds > 90 && seconds < 95, () -> "took " + seconds);
    assertEquals(3, cluster.trace.stream().filter("0>2 DB_FREEZE"::equals).count());
    assertEquals(1, cluster.node(2).bans);
    assertEquals(0, cluster.node(0).bans + cluster.node(1).bans);
    assertEquals("v", db(cluster, 0, "v.tdb").records.get("k").value());
  }

  @Test
  void oneBadDatabaseDoesNotHoldUpTheOthers() {
    var cluster = settled(2);
    for (int i = 0; i < 4; i++) {
      database(cluster, "v" + i + ".tdb", 0, 0, 1);
    }
    int bad = FakeCluster.databaseId("v2.tdb");
    cluster
        .node(1)
        .faults
        .put(Control.DB_FREEZE, data -> data.getInt(0) == bad ? FakeNode.SILENCE : null);
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runSeconds(5);
    int generation = cluster.node(0).map.generation();
    for (int i = 0; i < 4; i++) {
      var database = db(cluster, 0, "v" + i + ".tdb");
      assertEquals(i != 2, database.generation == generation && !database.frozen);
    }
  }

  @Test
  void attemptIsRepeatedWhenAPullIsIncomplete() {
    var cluster = settled(2);
    database(cluster, "v.tdb", 0, 0, 1);
    db(cluster, 1, "v.tdb").put("k", 5, 1, 0, "v");
    var left = new int[] {2};
    cluster
        .node(1)
        .faults
        .put(Control.DB_PULL, data -> left[0]-- > 0 ? FakeNode.ok(Bytes.ofInt(77)) : null);
    recover(cluster);
    assertTrue(cluster.member(0).logged("0 records came, 77 were announced"));
    assertEquals("v", db(cluster, 0, "v.tdb").records.get("k").value());
    assertEquals(0, cluster.node(1).bans);
  }

  @Test
  void recordsOfAnotherDatabaseFailThePull() {
    var cluster = settled(2);
    database(cluster, "v.tdb", 0, 0, 1);
    var broken = new boolean[] {true};
    cluster
        .node(1)
        .faults
        .put(
            Control.DB_PULL,
            data -> {
              if (broken[0]) {
                broken[0] = false;
                cluster.message(
                    1, 0, data.getLong(8), Bytes.of(new byte[] {9, 0, 0, 0, 0, 0, 0, 0}));
              }
              return null;
            });
    recover(cluster);
    assertTrue(cluster.member(0).logged("records of database 0x00000009 among them"));
  }

  @Test
  void wrongCountAfterAPushFailsTheAttempt() {
    var cluster = settled(2);
    database(cluster, "v.tdb", 0, 0, 1);
    db(cluster, 0, "v.tdb").put("k", 5, 0, 0, "v");
    var left = new int[] {1};
    cluster
        .node(1)
        .faults
        .put(Control.DB_PUSH_CONFIRM, data -> left[0]-- > 0 ? FakeNode.ok(Bytes.ofInt(0)) : null);
    recover(cluster);
    assertTrue(cluster.member(0).logged("node 1 stored 0 of 1 records"));
    assertEquals("v", db(cluster, 1, "v.tdb").records.get("k").value());
  }

  @Test
  void aNodeThatCannotStoreIsLeftOut() {
    for (Control step : List.of(Control.DB_PUSH_CONFIRM, Control.DB_TRANSACTION_COMMIT)) {
      var cluster = settled(3);
      database(cluster, "v.tdb", 0, 0, 1, 2);
      db(cluster, 0, "v.tdb").put("k", 5, 0, 0, "v");
      cluster
          .node(1)
          .faults
          .put(
              step,
              data ->
                  step == Control.DB_PUSH_CONFIRM
                      ? FakeNode.ok(Bytes.ofInt(0))
                      : ControlResult.failed("no space left"));
      cluster.node(1).mode = RecoveryMode.ACTIVE.number();
      cluster.time.runUntil(30, () -> cluster.node(1).bans == 1);
      cluster.time.runUntil(30, () -> cluster.node(2).mode == RecoveryMode.NORMAL.number());
      assertEquals(0, cluster.node(0).bans + cluster.node(2).bans);
      assertEquals("v", db(cluster, 2, "v.tdb").records.get("k").value());
    }
  }

  @Test
  void aSingleNodeThatCannotStoreTriesUntilItCan() {
    var cluster = settled(1);
    database(cluster, "v.tdb", 0, 0);
    db(cluster, 0, "v.tdb").put("k", 5, 0, 0, "v");
    cluster
        .node(0)
        .faults
        .put(Control.DB_TRANSACTION_COMMIT, data -> ControlResult.failed("no space left"));
    cluster.node(0).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(30, () -> cluster.member(0).logged("1 of 1 databases not recovered"));
    cluster.time.runSeconds(20);
    assertEquals(0, cluster.node(0).bans);
    cluster.node(0).faults.remove(Control.DB_TRANSACTION_COMMIT);
    cluster.time.runUntil(5, () -> cluster.node(0).mode == RecoveryMode.NORMAL.number());
    assertEquals("v", db(cluster, 0, "v.tdb").records.get("k").value());
  }

  @Test
  void differentNamesAreTheFaultOfTheNodeThatDiffers() {
    var cluster = settled(2);
    database(cluster, "v.tdb", 0, 0, 1);
    cluster
        .node(1)
        .faults
        .put(Control.GET_DBNAME, data -> FakeNode.ok(Bytes.ofTerminated("other.tdb")));
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(30, () -> cluster.node(1).bans == 1);
    assertEquals(0, cluster.node(0).bans);
    assertTrue(cluster.member(0).logged("calls it \"other.tdb\""));
  }

  @Test
  void differentTypesFailTheRecovery() {
    var cluster = settled(2);
    int id = FakeCluster.databaseId("v.tdb");
    cluster.node(0).database(id, "v.tdb", DatabaseFlags.READONLY);
    cluster.node(1).database(id, "v.tdb", DatabaseFlags.STICKY | DatabaseFlags.PERSISTENT);
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runSeconds(5);
    assertTrue(cluster.member(0).logged("has flags 0x1 on node 1, 0x0 elsewhere"));
    assertFalse(cluster.settled());
  }

  @Test
  void failingScriptRepeatsTheRecoveryAndBansNobody() {
    var cluster = settled(2);
    int before = cluster.node(0).map.generation();
    cluster.node(1).faults.put(Control.END_RECOVERY, data -> ControlResult.of(8, Bytes.EMPTY, ""));
    cluster.trace.clear();
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runSeconds(20);
    long runs = cluster.trace.stream().filter("0>1 START_RECOVERY"::equals).count();
    assertTrue(runs >= 15 && runs <= 21, () -> "runs: " + runs);
    cluster.node(1).faults.clear();
    cluster.time.runUntil(3, cluster::settled);
    assertNotEquals(before, cluster.node(0).map.generation());
    assertEquals(0, cluster.node(1).bans);
  }

  @Test
  void anotherLeaderEndsTheRunningRecovery() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 0, 1, 2);
    cluster.node(2).faults.put(Control.WIPE_DATABASE, data -> FakeNode.SILENCE);
    int subscriptions = cluster.member(0).handlers.size();
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(5, () -> cluster.trace.contains("0>2 WIPE_DATABASE"));
    cluster.message(1, 0, Srvid.LEADER, Bytes.ofInt(1));
    cluster.time.runSeconds(0.01);
    assertEquals(1, cluster.member(0).leader());
    assertEquals(subscriptions, cluster.member(0).handlers.size());
    assertTrue(cluster.member(0).logged("work of the leader is given up"));
    cluster.node(2).faults.clear();
    cluster.trace.clear();
    cluster.time.runSeconds(3);
    assertTrue(cluster.trace.stream().noneMatch(line -> line.endsWith("DB_PUSH_START")));
    // Nobody leads really, so after a while somebody is elected and finishes it.
    cluster.time.runUntil(30, cluster::settled);
    assertFalse(db(cluster, 2, "v.tdb").frozen);
  }

  @Test
  void participantThatDiesFailsTheRunAndTheNextOneGoesWithoutIt() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 0, 1, 2);
    db(cluster, 1, "v.tdb").put("k", 5, 1, 0, "v");
    cluster.node(2).faults.put(Control.DB_FREEZE, data -> FakeNode.SILENCE);
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runSeconds(3);
    cluster.kill(2);
    double seconds = cluster.time.runUntil(30, cluster::settled);
    assertTrue(seconds < 2.5, () -> "took " + seconds);
    assertEquals("v", db(cluster, 0, "v.tdb").records.get("k").value());
  }

  @Test
  void largeDatabaseIsPushedInWindows() {
    var cluster = settled(2);
    database(cluster, "v.tdb", 0, 0, 1);
    var value = "x".repeat(5000);
    for (int i = 0; i < 2500; i++) {
      db(cluster, 1, "v.tdb").put("key" + i, 1, 1, 0, value);
    }
    cluster.trace.clear();
    recover(cluster);
    // 12.5 MB in buffers of 1 MB: a question after each 4 MB, none at the end
    assertEquals(2, cluster.trace.stream().filter("0>1 PING"::equals).count());
    assertEquals(2500, db(cluster, 0, "v.tdb").records.size());
    assertEquals(
        db(cluster, 1, "v.tdb").records.get("key77").value(),
        db(cluster, 0, "v.tdb").records.get("key77").value());
  }

  @Test
  void withoutLocationMastersTheLeaderIsTheMap() {
    var cluster = settled(2);
    cluster.node(0).capabilities &= ~2;
    cluster.node(1).capabilities &= ~2;
    cluster.time.runUntil(5, () -> cluster.node(1).map.lmasters().equals(List.of(0)));
    int generation = cluster.node(0).map.generation();
    cluster.time.runSeconds(30);
    assertEquals(generation, cluster.node(0).map.generation());
    assertEquals(0, cluster.node(0).bans);
  }

  @Test
  void nodeThatIsStoppedMeanwhileIsNotPutToWork() {
    var cluster = settled(3);
    database(cluster, "v.tdb", 0, 0, 1, 2);
    cluster
        .node(2)
        .faults
        .put(
            Control.DB_THAW,
            data -> {
              cluster.time.after(500_000, () -> cluster.node(2).becomeInactive(NodeFlags.STOPPED));
              return null;
            });
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(
        20, () -> cluster.node(0).map.lmasters().size() == 2 && cluster.settled());
    assertEquals(RecoveryMode.ACTIVE.number(), cluster.node(2).mode);
    assertTrue(db(cluster, 2, "v.tdb").frozen);
    assertTrue(cluster.member(0).logged("node 2 has become inactive"));
  }

  @Test
  void unknownLeaderIsNobody() {
    var cluster = new FakeCluster(1);
    cluster.start(0);
    assertEquals(Pnn.UNKNOWN, cluster.member(0).leader());
  }

  private static FakeCluster settled(int nodes) {
    return new FakeCluster(nodes).settle();
  }

  private static void database(FakeCluster cluster, String name, int flags, int... nodes) {
    for (int pnn : nodes) {
      cluster.node(pnn).database(FakeCluster.databaseId(name), name, flags);
    }
  }

  private static FakeDatabase db(FakeCluster cluster, int pnn, String name) {
    return cluster.node(pnn).databases.get(FakeCluster.databaseId(name));
  }

  /** What "ctdb recover" does. */
  private static void recover(FakeCluster cluster) {
    int before = cluster.node(0).map.generation();
    cluster.node(0).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(
        10, () -> cluster.settled() && cluster.node(0).map.generation() != before);
    cluster.time.runSeconds(0.1);
  }
}
