// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.TraverseAll;
import org.ctdbj.protocol.body.TraverseStart;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.recovery.ControlResult;
import org.junit.jupiter.api.Test;

/** Transactions of clients and traverses. */
class CommitAndTraverseTest {
  private static final int CLIENT = 9;
  private static final int REGISTRY = 0x6cf2837d;
  private static final int G_LOCK = 0x4d2a432b;
  private static final long SRVID = 0x1234;

  private final FakeNode node = new FakeNode();

  CommitAndTraverseTest() {
    node.clients.add(CLIENT);
    node.clients.add(CLIENT + 1);
    node.ask(Control.DB_ATTACH_PERSISTENT, Bytes.ofTerminated("registry.tdb"));
    node.ask(Control.DB_ATTACH, Bytes.ofTerminated("g_lock.tdb"));
    node.sent.clear();
  }

  private static RecordData record(String key, long rsn, String data) {
    var writer = new ByteWriter(64);
    new RecordHeader(rsn, 0, 0).encode(writer);
    return new RecordData(0, Bytes.ofText(key), writer.put(Bytes.ofText(data)).toBytes());
  }

  private static Bytes buffer(int database) {
    return new RecordBuffer(database, List.of(record("k", 5, "v"))).encode();
  }

  private FakeNode.Answer commit(int client) {
    return node.ask(Control.TRANS3_COMMIT, 0, client, 0, buffer(REGISTRY));
  }

  private void answer(int index, int status) {
    node.asked.get(index).done().accept(ControlResult.of(status, Bytes.EMPTY, ""));
  }

  @Test
  void commitIsWrittenByEveryNodeOfTheMapWhateverItsFlags() {
    node.map = new VnnMap(77, List.of(0, 1));
    node.flags.put(1, NodeFlags.STOPPED);
    FakeNode.Answer answer = commit(CLIENT);
    assertEquals(List.of(0, 1), node.asked.stream().map(FakeNode.Asked::pnn).toList());
    assertEquals(buffer(REGISTRY), node.asked.getFirst().data());
    answer(0, 0);
    assertNull(answer.status);
    answer(1, 0);
    assertEquals(0, answer.status);
  }

  @Test
  void onlyOneCommitPerClientAndDatabase() {
    node.ask(Control.DB_ATTACH_PERSISTENT, Bytes.ofTerminated("secrets.tdb"));
    FakeNode.Answer first = commit(CLIENT);
    assertEquals(-1, commit(CLIENT + 1).status);
    assertEquals(-1, node.ask(Control.TRANS3_COMMIT, 0, CLIENT, 0, buffer(0x7132c184)).status);
    assertEquals(-1, node.ask(Control.TRANS3_COMMIT, 0, 99, 0, buffer(REGISTRY)).status);
    assertEquals(-1, node.ask(Control.TRANS3_COMMIT, 0, CLIENT + 1, 0, buffer(5)).status);
    for (int i = 0; i < 3; i++) {
      answer(i, 0);
    }
    assertEquals(0, first.status);
    assertNull(commit(CLIENT + 1).status, "the way is free again");
  }

  @Test
  void failureAtOneNodeForcesRecoveryWhichAnswers() {
    FakeNode.Answer answer = commit(CLIENT);
    answer(0, 0);
    answer(1, 1);
    assertEquals(1, node.forced.size());
    answer(2, 0);
    node.time.passMillis(100_000);
    assertNull(answer.status);
    node.map = new VnnMap(78, List.of(0, 1, 2));
    node.mode = RecoveryMode.NORMAL;
    node.registry.recoveryEnded();
    assertEquals(2, answer.status);
  }

  @Test
  void commitThatBeganAfterTheRecoveryIsNotEndedByIt() {
    FakeNode.Answer answer = commit(CLIENT);
    answer(0, 0);
    node.registry.recoveryEnded();
    assertNull(answer.status, "other nodes may still refuse it");
    answer(1, -1);
    assertEquals(1, node.forced.size());
    node.registry.recoveryEnded();
    assertNull(answer.status, "that recovery was not the one that was forced");
  }

  @Test
  void commitThatNobodyAnswersTimesOut() {
    FakeNode.Answer answer = commit(CLIENT);
    node.time.passMillis(60_000);
    assertEquals(1, answer.status);
    answer(0, 0);
    assertEquals(0, node.forced.size());
  }

  @Test
  void clientThatDiesDuringItsCommitForcesRecovery() {
    commit(CLIENT);
    node.clientGone(CLIENT);
    assertEquals(1, node.forced.size());
    node.mode = RecoveryMode.NORMAL;
    assertNull(commit(CLIENT + 1).status);
  }

  @Test
  void commitDuringRecoveryIsRefusedAfterABreath() {
    node.mode = RecoveryMode.ACTIVE;
    FakeNode.Answer answer = commit(CLIENT);
    assertNull(answer.status);
    node.time.passMillis(500);
    assertEquals(-1, answer.status);
  }

  @Test
  void updateIsStoredOnceAndRefusedDuringRecovery() {
    assertEquals(0, node.done(Control.UPDATE_RECORD, buffer(REGISTRY)).status);
    assertEquals(0, node.done(Control.UPDATE_RECORD, buffer(REGISTRY)).status, "equal again");
    Bytes other = new RecordBuffer(REGISTRY, List.of(record("k", 5, "other"))).encode();
    assertEquals(1, node.done(Control.UPDATE_RECORD, other).status);
    assertEquals(3, node.counters.get(Counter.CHILDWRITE_CALLS));
    assertEquals(0, node.counters.get(Counter.PENDING_CHILDWRITE_CALLS));
    node.mode = RecoveryMode.ACTIVE;
    assertEquals(-1, node.done(Control.UPDATE_RECORD, buffer(REGISTRY)).status);
  }

  private FakeNode.Answer traverse(int database) {
    return node.ask(
        Control.TRAVERSE_START, 0, CLIENT, 0, new TraverseStart(database, 42, SRVID).encode());
  }

  private TraverseAll all() {
    return node.sent.stream()
        .map(FakeNode.Sent.class::cast)
        .filter(sent -> sent.kind().equals("TRAVERSE_ALL"))
        .map(sent -> TraverseAll.decode(sent.data()))
        .findFirst()
        .orElseThrow();
  }

  private List<RecordData> delivered() {
    return node.sent.stream()
        .map(FakeNode.Sent.class::cast)
        .filter(sent -> sent.kind().equals("dispatch"))
        .peek(sent -> assertEquals(SRVID, sent.srvid()))
        .map(sent -> RecordData.decode(sent.data()))
        .toList();
  }

  private FakeNode.Answer data(int reqid, String key, String data) {
    return node.ask(
        Control.TRAVERSE_DATA,
        new RecordData(reqid, Bytes.ofText(key), Bytes.ofText(data)).encode());
  }

  @Test
  void traverseOfVolatileDatabaseEndsWithTheLastActiveNode() {
    assertEquals(0, traverse(G_LOCK).status);
    TraverseAll all = all();
    assertEquals(new TraverseAll(G_LOCK, all.reqid(), 0, 42, SRVID), all);
    assertEquals(Pnn.BROADCAST_ACTIVE, ((FakeNode.Sent) node.sent.getFirst()).destination());
    data(all.reqid(), "a", "1");
    data(all.reqid(), "", "");
    data(all.reqid(), "b", "2");
    data(all.reqid(), "", "");
    assertEquals(2, delivered().size());
    data(all.reqid(), "", "");
    assertEquals(
        List.of(
            new RecordData(42, Bytes.ofText("a"), Bytes.ofText("1")),
            new RecordData(42, Bytes.ofText("b"), Bytes.ofText("2")),
            new RecordData(42, Bytes.EMPTY, Bytes.EMPTY)),
        delivered());
    assertEquals(-1, data(all.reqid(), "c", "3").status, "it is over");
    assertEquals(3, delivered().size());
  }

  @Test
  void traverseOfPersistentDatabaseAsksOneNode() {
    traverse(REGISTRY);
    assertEquals(0, ((FakeNode.Sent) node.sent.getFirst()).destination());
    data(all().reqid(), "", "");
    assertEquals(1, delivered().size());
    node.map = new org.ctdbj.protocol.body.VnnMap(77, List.of(2, 1));
    node.sent.clear();
    traverse(REGISTRY);
    assertEquals(2, ((FakeNode.Sent) node.sent.getFirst()).destination());
  }

  @Test
  void traverseThatTakesTooLongIsEndedEverywhere() {
    traverse(G_LOCK);
    node.time.passMillis(20_000);
    assertEquals(List.of(new RecordData(42, Bytes.EMPTY, Bytes.EMPTY)), delivered());
    assertTrue(
        node.sent.contains(
            new FakeNode.Sent(
                "TRAVERSE_KILL",
                Pnn.BROADCAST_CONNECTED,
                0,
                new TraverseStart(G_LOCK, 42, SRVID).encode())));
    assertEquals(1, node.counters.get(Counter.TIMEOUT_TRAVERSE));
  }

  @Test
  void traverseOfClientThatGoesIsEndedEverywhere() {
    traverse(G_LOCK);
    node.clientGone(CLIENT);
    assertEquals(List.of(), delivered());
    assertEquals("TRAVERSE_KILL", ((FakeNode.Sent) node.sent.getLast()).kind());
    assertEquals(
        -1,
        node.ask(Control.TRAVERSE_START, 0, 99, 0, new TraverseStart(G_LOCK, 1, 2).encode())
            .status);
  }

  @Test
  void ownPartIsSentRecordByRecordToWhoAsked() {
    node.done(Control.UPDATE_RECORD, buffer(REGISTRY));
    Bytes all = new TraverseAll(REGISTRY, 7, 2, 42, SRVID).encode();
    assertEquals(0, node.done(Control.TRAVERSE_ALL, all).status);
    RecordData stored = record("k", 5, "v");
    assertEquals(
        List.of(
            new FakeNode.Sent(
                "TRAVERSE_DATA", 2, 0, new RecordData(7, stored.key(), stored.data()).encode()),
            new FakeNode.Sent(
                "TRAVERSE_DATA", 2, 0, new RecordData(7, Bytes.EMPTY, Bytes.EMPTY).encode())),
        node.sent);
    node.sent.clear();
    node.ask(Control.TRAVERSE_ALL, all);
    node.ask(Control.TRAVERSE_KILL, new TraverseStart(REGISTRY, 42, SRVID).encode());
    node.time.passMillis(1000);
    assertEquals(List.of(), node.sent, "nothing after the end of it");
  }
}
