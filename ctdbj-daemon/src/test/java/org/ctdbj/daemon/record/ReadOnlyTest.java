// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.Tunable;
import org.junit.jupiter.api.Test;

/** Read-only copies and sticky records; numbers are those seen on three ctdbd 4.17.12. */
class ReadOnlyTest {
  private final TestCluster cluster =
      new TestCluster(3, DatabaseFlags.READONLY | DatabaseFlags.STICKY);
  private final RecordKey key = cluster.keyOf(0, 0);

  private void read(int pnn) {
    var answer = cluster.answers(pnn, key, Calls.FETCH, Calls.FLAG_WANT_READONLY);
    assertEquals(List.of(Bytes.ofText("data")), answer.stream().map(p -> p.data()).toList());
  }

  private void delegateToAll() {
    cluster.migrate(0, key);
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    assertEquals("3,dm0", cluster.at(0, key));
    read(1);
    read(2);
  }

  @Test
  void delegationAndRevokeHaveTheNumbersOfCtdbd() {
    delegateToAll();
    assertEquals("n0{6,dm0,100} n1{4,dm0,200} n2{4,dm0,200}", cluster.all(key));
    assertEquals(2, cluster.node(0).count(Counter.TOTAL_RO_DELEGATIONS));
    cluster.takeWire();
    int writer = cluster.connect(1);
    cluster.call(1, writer, key, Calls.NULL, 1);
    cluster.node(2).store.tryLock(key, "smbd"); // keeps its copy a while
    cluster.time.passMillis(50);
    assertEquals("n0{6,dm0,500} n1{5,dm0,1} n2{4,dm0,200}", cluster.all(key));
    assertEquals(0, cluster.node(1).replies.get(writer).size());
    cluster.node(2).store.unlock(key, "smbd");
    cluster.time.passMillis(50);
    assertEquals(1, cluster.node(1).replies.get(writer).size());
    assertEquals("n0{8,dm1,1} n1{10,dm1,1} n2{5,dm0,1}", cluster.all(key));
    assertEquals(1, cluster.node(0).count(Counter.TOTAL_RO_REVOKES));
    assertEquals(1, cluster.node(0).engine.statistics().roRevokes());
    assertEquals(2, cluster.node(0).engine.statistics().roDelegations());
    assertEquals(List.of("0>1 UPDATE_RECORD", "0>2 UPDATE_RECORD"), cluster.controls);
  }

  @Test
  void readersWaitForTheWriterDuringARevoke() {
    delegateToAll();
    int writer = cluster.connect(0);
    cluster.node(2).store.tryLock(key, "smbd");
    cluster.call(0, writer, key, Calls.NULL, 1);
    int reader = cluster.connect(1);
    cluster.time.passMillis(10);
    cluster.call(1, reader, key, Calls.FETCH, Calls.FLAG_WANT_READONLY);
    cluster.time.passMillis(10);
    cluster.node(2).store.unlock(key, "smbd");
    cluster.time.passMillis(100);
    assertEquals(1, cluster.node(0).replies.get(writer).size());
    assertEquals(0, cluster.node(1).replies.get(reader).size());
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(1).replies.get(reader).size());
  }

  @Test
  void holderThatDoesNotAnswerDelaysTheWriterButDoesNotStopItForEver() {
    delegateToAll();
    cluster.node(0).unreachable.add(2);
    int writer = cluster.connect(0);
    cluster.call(0, writer, key, Calls.NULL, 1);
    cluster.time.passSeconds(5);
    assertEquals(0, cluster.node(0).replies.get(writer).size());
    assertTrue(cluster.controls.size() <= 12, "no busy retry: " + cluster.controls.size());
    cluster.node(0).unreachable.clear();
    cluster.time.passSeconds(2);
    assertEquals(1, cluster.node(0).replies.get(writer).size());
    assertEquals("5,dm0,1", cluster.at(2, key));
  }

  @Test
  void recoveryEndsDelegationsAndRevokes() {
    delegateToAll();
    cluster.node(0).unreachable.add(2);
    int writer = cluster.connect(0);
    cluster.call(0, writer, key, Calls.NULL, 1);
    cluster.time.passMillis(10);
    cluster.freeze();
    cluster.recover(0x5678, 1);
    cluster.time.passSeconds(1);
    assertEquals(1, cluster.node(0).replies.get(writer).size());
    assertEquals(0, cluster.node(0).store.get(key).header().flags() & 0xFF000000);
    assertEquals(0, cluster.node(0).count(Counter.PENDING_CALLS));
  }

  @Test
  void ownerReadsWithoutADelegation() {
    cluster.migrate(0, key);
    cluster.write(0, key, "data");
    read(0);
    assertEquals("3,dm0", cluster.at(0, key));
    assertEquals(0, cluster.node(0).count(Counter.TOTAL_RO_DELEGATIONS));
  }

  @Test
  void recordMarkedWithoutARevokeGetsOne() {
    delegateToAll();
    var record = cluster.node(0).store.get(key);
    cluster
        .node(0)
        .store
        .put(key, record.header().withFlags(record.header().flags() | 0x04000000), record.data());
    assertEquals(1, cluster.migrate(1, key));
    assertEquals("5,dm0,1", cluster.at(2, key));
  }

  @Test
  void stickyRecordIsKeptForLocalClientsForAWhile() {
    cluster.tunables.put(Tunable.HOPCOUNT_MAKE_STICKY, 1);
    cluster.tunables.put(Tunable.STICKY_PINDOWN, 1500);
    cluster.tunables.put(Tunable.STICKY_DURATION, 3600);
    cluster.migrate(1, key);
    cluster.migrate(2, key); // one hop: sticky on n1
    int client = cluster.connect(1);
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster.time.passMillis(10);
    assertEquals(1, cluster.node(1).replies.get(client).size()); // pinned from now
    int other = cluster.connect(2);
    cluster.call(2, other, key, Calls.NULL, 1);
    cluster.time.passMillis(1000);
    assertEquals(0, cluster.node(2).replies.get(other).size());
    cluster.call(1, client, key, Calls.NULL, 1);
    cluster.time.passMillis(10);
    assertEquals(2, cluster.node(1).replies.get(client).size());
    cluster.time.passMillis(500);
    assertEquals(1, cluster.node(2).replies.get(other).size());
  }

  @Test
  void hotKeysAreThoseThatMoveOftenWithinASecond() {
    cluster.tunables.put(Tunable.HOPCOUNT_MAKE_STICKY, 1000);
    int first = cluster.connect(1);
    int second = cluster.connect(2);
    for (int i = 0; i < 5; i++) {
      cluster.call(1, first, key, Calls.NULL, 1);
      cluster.time.passMillis(5);
      cluster.call(2, second, key, Calls.NULL, 1);
      cluster.time.passMillis(5);
    }
    RecordKey rare = cluster.keyOf(0, 1);
    cluster.migrate(1, rare);
    cluster.migrate(2, rare);
    cluster.migrate(1, rare);
    cluster.time.passSeconds(2);
    var hot = cluster.node(1).engine.statistics().hotKeys();
    assertEquals(key.bytes(), hot.getLast().key());
    assertEquals(5, hot.getLast().count());
    assertEquals(rare.bytes(), hot.getFirst().key());
    assertEquals(1, hot.getFirst().count());
    cluster.node(1).engine.resetStatistics();
    assertEquals(List.of(), cluster.node(1).engine.statistics().hotKeys());
  }
}
