// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.daemon.store.memory.StoreOperation;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.junit.jupiter.api.Test;

/** Full disks: records wait for room, nothing is lost, and no recovery is forced. */
class RecordWithoutRoomTest {
  private final TestCluster cluster = new TestCluster(3, 0);
  private final RecordKey key = cluster.keyOf(0, 0);

  @Test
  void recordWithoutRoomWaitsForRoomAndForcesNoRecovery() {
    cluster.migrate(0, key);
    cluster.write(0, key, "precious");
    int client = cluster.connect(1);
    int second = cluster.connect(2);
    cluster.call(1, client, key, Calls.NULL, 1);
    fullDisk(1, true);
    cluster.time.passMillis(100);
    cluster.call(2, second, key, Calls.NULL, 1); // goes to n1 and has to wait there
    cluster.time.passSeconds(5);
    assertEquals(0, cluster.node(1).replies.get(client).size());
    assertEquals("n0{2,dm1,1} n1{-} n2{-}", cluster.all(key));
    assertTrue(cluster.node(1).othersKeptWaiting.size() >= 4, "told every second");
    fullDisk(1, false);
    cluster.time.passSeconds(3);
    assertEquals(1, cluster.node(1).replies.get(client).size());
    assertEquals(1, cluster.node(2).replies.get(second).size());
    assertEquals(Bytes.ofText("precious"), cluster.node(2).store.get(key).data());
    for (int pnn = 0; pnn < 3; pnn++) {
      assertEquals(List.of(), cluster.node(pnn).forcedRecoveries);
    }
  }

  @Test
  void recordThatWaitsForRoomIsLeftToARecovery() {
    cluster.migrate(0, key);
    cluster.write(0, key, "precious");
    int client = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    fullDisk(1, true);
    cluster.time.passSeconds(2);
    fullDisk(1, false);
    cluster.freeze();
    cluster.recover(0x5678, 0);
    cluster.time.passSeconds(3);
    assertEquals(1, cluster.node(1).replies.get(client).size());
    assertEquals(Bytes.ofText("precious"), cluster.node(1).store.get(key).data());
    for (int pnn = 0; pnn < 3; pnn++) {
      assertEquals(List.of(), cluster.node(pnn).forcedRecoveries);
    }
  }

  @Test
  void locationMasterWithoutRoomKeepsTheCallsOfOthers() {
    fullDisk(0, true);
    int client = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster.time.passSeconds(3);
    assertEquals(0, cluster.node(1).replies.get(client).size());
    assertFalse(cluster.node(0).othersKeptWaiting.isEmpty());
    fullDisk(0, false);
    cluster.time.passSeconds(2);
    assertEquals(1, cluster.node(1).replies.get(client).size());
    assertEquals(List.of(), cluster.node(0).forcedRecoveries);
  }

  @Test
  void manyCallsWithoutRoomCostFewTriesEachSecond() {
    fullDisk(0, true);
    int client = cluster.connect(0);
    int calls = 1000;
    for (int i = 0; i < calls; i++) {
      cluster.call(0, client, cluster.keyOf(0, i), Calls.NULL, i + 1);
    }
    int[] tries = new int[1];
    cluster
        .node(0)
        .store
        .setFaults(
            (operation, _) -> {
              tries[0] += operation == StoreOperation.STORE ? 1 : 0;
              return operation == StoreOperation.STORE ? MemoryDatabaseStore.NO_ROOM : null;
            });
    cluster.time.passSeconds(10);
    assertTrue(tries[0] > 0 && tries[0] <= 11 * RoomQueue.FAILURES, tries[0] + " tries");
    assertEquals(List.of(), cluster.node(0).othersKeptWaiting, "nobody else waits");
    fullDisk(0, false);
    cluster.time.passSeconds(2);
    assertEquals(calls, cluster.node(0).replies.get(client).size());
  }

  private void fullDisk(int pnn, boolean full) {
    cluster
        .node(pnn)
        .store
        .setFaults(
            (operation, _) ->
                full && operation == StoreOperation.STORE ? MemoryDatabaseStore.NO_ROOM : null);
  }
}
