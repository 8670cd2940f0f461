// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.PullDatabase;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.TransactionDatabase;
import org.junit.jupiter.api.Test;

/**
 * The controls of a database's recovery, in the order in which a leader sends them and in others.
 */
class RecoveryControlsTest {
  private static final Bytes ID = Bytes.ofInt(0x4d2a432b);
  private static final int GENERATION = 123;
  private static final Bytes TRANSACTION = new TransactionDatabase(0x4d2a432b, GENERATION).encode();
  private static final long SRVID = 0xF001000000000001L;
  private static final Bytes PULL = new PullDatabase(0x4d2a432b, -1, SRVID).encode();

  private final FakeNode node = new FakeNode();

  RecoveryControlsTest() {
    node.ask(Control.DB_ATTACH, Bytes.ofTerminated("g_lock.tdb"));
  }

  private static RecordData record(String key, long rsn, int dmaster, String data) {
    var writer = new ByteWriter(64);
    new RecordHeader(rsn, dmaster, 0).encode(writer);
    return new RecordData(0, Bytes.ofText(key), writer.put(Bytes.ofText(data)).toBytes());
  }

  private void recover(RecordData... records) {
    assertEquals(0, node.done(Control.DB_FREEZE, ID).status);
    assertEquals(0, node.done(Control.DB_TRANSACTION_START, TRANSACTION).status);
    assertEquals(0, node.done(Control.WIPE_DATABASE, TRANSACTION).status);
    assertEquals(0, node.done(Control.DB_PUSH_START, PULL).status);
    node.message(SRVID, new RecordBuffer(0x4d2a432b, List.of(records)).encode());
    FakeNode.Answer confirmed = node.done(Control.DB_PUSH_CONFIRM, ID);
    assertEquals(Bytes.ofInt(records.length), confirmed.body);
    assertFalse(node.listens(SRVID));
    assertEquals(0, node.done(Control.DB_TRANSACTION_COMMIT, TRANSACTION).status);
    assertEquals(0, node.done(Control.DB_THAW, ID).status);
  }

  @Test
  void recoveryReplacesAllRecordsAndSetsTheGeneration() {
    assertTrue(node.registry.allGenerationsAre(77));
    recover(record("a", 5, 1, "x"), record("b", 6, 1, "y"));
    assertTrue(node.registry.allGenerationsAre(GENERATION));
    assertEquals(0, node.registry.frozen());
    recover(record("c", 7, 1, "z"));
    assertEquals(1, pullAll().size());
  }

  private List<RecordData> pullAll() {
    node.done(Control.DB_FREEZE, ID);
    node.done(Control.DB_TRANSACTION_START, TRANSACTION);
    node.sent.clear();
    FakeNode.Answer answer = node.done(Control.DB_PULL, PULL);
    assertEquals(0, answer.status);
    List<RecordData> records =
        node.sent.stream()
            .map(FakeNode.Sent.class::cast)
            .peek(sent -> assertEquals(1, sent.destination()))
            .peek(sent -> assertEquals(SRVID, sent.srvid()))
            .flatMap(sent -> RecordBuffer.decode(sent.data()).records().stream())
            .toList();
    assertEquals(Bytes.ofInt(records.size()), answer.body);
    node.done(Control.DB_THAW, ID);
    return records;
  }

  @Test
  void pullSendsMessagesOfTheSizeInTheTunable() {
    recover(record("a", 5, 1, "x"), record("b", 6, 1, "y"), record("c", 6, 1, "z"));
    assertEquals(3, pullAll().size());
    assertEquals(1, node.sent.size());
    node.tunables.put(Tunable.REC_BUFFER_SIZE_LIMIT, 1);
    assertEquals(3, pullAll().size());
    assertEquals(3, node.sent.size());
  }

  @Test
  void recordsOfAnInactiveTimeAreNotOffered() {
    recover(record("a", 5, 1, "x"));
    node.registry.becomeInactive();
    node.time.passMillis(1);
    assertEquals(1, node.registry.frozen());
    assertTrue(node.registry.allGenerationsAre(1));
    node.done(Control.DB_TRANSACTION_START, TRANSACTION);
    node.sent.clear();
    assertEquals(Bytes.ofInt(0), node.done(Control.DB_PULL, PULL).body);
    assertEquals(List.of(), node.sent);
    node.registry.thawAll();
    assertEquals(1, pullAll().size());
  }

  @Test
  void stepsOutOfOrderAreRefused() {
    assertEquals(-1, node.done(Control.DB_TRANSACTION_START, TRANSACTION).status);
    assertEquals(-1, node.done(Control.DB_PULL, PULL).status);
    assertEquals(-1, node.done(Control.DB_PUSH_START, PULL).status);
    assertEquals(-1, node.done(Control.DB_PUSH_CONFIRM, ID).status);
    node.done(Control.DB_FREEZE, ID);
    assertEquals(0, node.done(Control.DB_FREEZE, ID).status, "again is no failure");
    assertEquals(-1, node.done(Control.DB_PULL, PULL).status, "frozen, but no transaction");
    assertEquals(-1, node.done(Control.WIPE_DATABASE, TRANSACTION).status);
    assertEquals(-1, node.done(Control.DB_TRANSACTION_COMMIT, TRANSACTION).status);
    node.done(Control.DB_TRANSACTION_START, TRANSACTION);
    Bytes stale = new TransactionDatabase(0x4d2a432b, GENERATION - 1).encode();
    assertEquals(-1, node.done(Control.WIPE_DATABASE, stale).status);
    assertEquals(-1, node.done(Control.DB_TRANSACTION_COMMIT, stale).status);
    assertEquals(0, node.done(Control.DB_TRANSACTION_CANCEL, ID).status);
    assertEquals(-1, node.done(Control.DB_TRANSACTION_COMMIT, TRANSACTION).status);
    assertTrue(node.registry.allGenerationsAre(77));
  }

  @Test
  void wrongRecordsMakeTheCountTooLow() {
    node.done(Control.DB_FREEZE, ID);
    node.done(Control.DB_TRANSACTION_START, TRANSACTION);
    node.done(Control.DB_PUSH_START, PULL);
    node.message(SRVID, new RecordBuffer(5, List.of(record("a", 1, 1, "x"))).encode());
    node.message(
        SRVID,
        new RecordBuffer(
                0x4d2a432b, List.of(new RecordData(0, Bytes.ofText("k"), Bytes.ofText("short"))))
            .encode());
    node.message(SRVID, new RecordBuffer(0x4d2a432b, List.of(record("a", 1, 1, "x"))).encode());
    assertEquals(Bytes.ofInt(1), node.done(Control.DB_PUSH_CONFIRM, ID).body);
  }

  @Test
  void transactionNumberIsReadAndRefusedWhileFrozenWithoutTransaction() {
    Bytes request = new ByteWriter(8).put(ID).putInt(0).toBytes();
    assertEquals(Bytes.ofLong(0), node.done(Control.GET_DB_SEQNUM, request).body);
    node.done(Control.DB_FREEZE, ID);
    assertEquals(-1, node.done(Control.GET_DB_SEQNUM, request).status);
    node.done(Control.DB_TRANSACTION_START, TRANSACTION);
    assertEquals(0, node.done(Control.GET_DB_SEQNUM, request).status);
  }

  @Test
  void changesOfTheFileAreToldToActiveNodesOnce() {
    node.ask(Control.ENABLE_SEQNUM, ID);
    node.sent.clear();
    node.time.passMillis(3000);
    assertEquals(List.of(), node.sent);
    node.files.store("g_lock.tdb").incrementSequenceNumber();
    node.files.store("g_lock.tdb").incrementSequenceNumber();
    node.time.passMillis(3000);
    assertEquals(List.of(new FakeNode.Sent("UPDATE_SEQNUM", 0xF0000003, 0, ID)), node.sent);
    int before = node.files.store("g_lock.tdb").sequenceNumber();
    node.ask(Control.UPDATE_SEQNUM, ID);
    node.ask(Control.UPDATE_SEQNUM, 0, 0, 0, ID);
    assertEquals(before + 1, node.files.store("g_lock.tdb").sequenceNumber());
    node.time.passMillis(3000);
    assertEquals(1, node.sent.size(), "no echo");
  }
}
