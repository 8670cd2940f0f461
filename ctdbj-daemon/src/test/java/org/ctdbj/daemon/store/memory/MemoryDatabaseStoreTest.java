// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;
import org.junit.jupiter.api.Test;

class MemoryDatabaseStoreTest {
  private static final StoreRule AS_GIVEN =
      (_, header, _) -> new StoreRule.Decision(header, true, false);

  private final VirtualTime time = new VirtualTime();
  private final MemoryDatabaseStore store =
      new MemoryDatabaseStore(time, Path.of("/volatile/x.tdb.0"), 0xc41, 4);
  private final List<String> events = new ArrayList<>();
  private final RecordKey key = key("key");

  private static RecordKey key(String text) {
    return RecordKey.of(Bytes.ofText(text));
  }

  private static RecordData record(String key, long rsn, String data) {
    Bytes value =
        new ByteWriter(64)
            .put(new RecordHeader(rsn, 0, 0).encode())
            .put(Bytes.ofText(data))
            .toBytes();
    return new RecordData(0, Bytes.ofText(key), value);
  }

  private <T> void log(String what, StoreResult<T> result) {
    events.add(what + (result.ok() ? " ok " + result.value() : " failed"));
  }

  private List<String> takeEvents() {
    time.passMillis(1);
    var taken = List.copyOf(events);
    events.clear();
    return taken;
  }

  @Test
  void locksAreGivenInOrderAndNeverInsideTheCall() {
    store.lock(key, "smbd1", () -> events.add("smbd1"));
    store.lockLater(
        key,
        () -> {
          assertTrue(store.tryLock(key));
          store.unlock(key);
          events.add("daemon");
        });
    store.lock(key, "smbd2", () -> events.add("smbd2"));
    assertEquals(List.of(), events);
    assertEquals(List.of("smbd1"), takeEvents());
    assertFalse(store.tryLock(key));
    assertTrue(store.tryLock(key, "smbd1")); // nests
    store.unlock(key, "smbd1");
    assertEquals(List.of(), takeEvents());
    store.unlock(key, "smbd1");
    assertEquals(List.of("daemon", "smbd2"), takeEvents());
    store.processDied("smbd2");
    assertTrue(store.tryLock(key));
    assertThrows(IllegalStateException.class, store::checkIdle);
    store.unlock(key);
    store.checkIdle();
    assertThrows(IllegalStateException.class, () -> store.unlock(key));
  }

  @Test
  void freezeWaitsForHoldersAndKeepsOthersOut() {
    store.tryLock(key, "smbd");
    store.freeze(result -> log("freeze", result));
    assertEquals(List.of(), takeEvents());
    assertEquals(FreezeState.FREEZING, store.freezeState());
    store.unlock(key, "smbd");
    assertEquals(List.of("freeze ok null"), takeEvents());
    assertEquals(FreezeState.FROZEN, store.freezeState());
    assertFalse(store.tryLock(key));
    store.lockLater(key, () -> events.add("locked"));
    assertEquals(List.of(), takeEvents());
    store.thaw();
    assertEquals(List.of("locked"), takeEvents());
  }

  @Test
  void thawCancelsAFreezeThatWaits() {
    store.tryLock(key, "smbd");
    store.freeze(result -> log("freeze", result));
    store.thaw();
    assertEquals(List.of("freeze failed"), takeEvents());
    assertEquals(FreezeState.OPEN, store.freezeState());
  }

  @Test
  void transactionLastsOnlyIfCommitted() {
    store.put(key, new RecordHeader(1, 0, 0), Bytes.ofText("old"));
    store.transactionStart(result -> log("start", result));
    assertEquals(List.of("start failed"), takeEvents());
    for (boolean commit : new boolean[] {false, true}) {
      store.freeze(_ -> {});
      time.passMillis(1);
      store.push(List.of(), AS_GIVEN, result -> log("push", result));
      assertEquals(List.of("push failed"), takeEvents()); // no transaction
      store.transactionStart(result -> log("start", result));
      store.wipe(result -> log("wipe", result));
      store.push(
          List.of(record("a", 1, "A"), record("b", 2, "B")),
          AS_GIVEN,
          result -> log("push", result));
      store.read(key("b"), result -> log("read", result));
      if (commit) {
        store.transactionCommit(result -> log("commit", result));
      }
      time.passMillis(1);
      assertTrue(events.contains("push ok 2"), events::toString);
      assertEquals(commit ? 5 : 4, takeEvents().size());
      store.thaw();
      assertEquals(commit ? 2 : 1, store.records().size());
    }
    assertEquals(Bytes.ofText("B"), store.get(key("b")).data());
  }

  @Test
  void pullGivesBatchesThatEndWithTheRecordThatFillsThem() {
    for (int i = 0; i < 5; i++) {
      store.put(key("k" + i), new RecordHeader(i, 0, 0), Bytes.ofText("0123456789"));
    }
    store.freeze(_ -> {});
    time.passMillis(1);
    store.transactionStart(_ -> {});
    store.pull(
        100, // a record has 16 + 2 + 24 + 10 bytes
        (count, records) -> {
          Bytes buffer = new ByteWriter(200).putInt(0).putInt(count).put(records).toBytes();
          assertEquals(count, RecordBuffer.decode(buffer).records().size());
          events.add("batch " + count);
        },
        result -> log("pull", result));
    assertEquals(List.of("batch 2", "batch 2", "batch 1", "pull ok 5"), takeEvents());
  }

  @Test
  void traverseWaitsForEachChainAndCanBeEnded() {
    for (int i = 0; i < 20; i++) {
      store.put(key("k" + i), new RecordHeader(i, i % 2, 0), Bytes.EMPTY);
    }
    store.tryLock(key("k3"), "smbd");
    Runnable stop =
        store.traverse(
            1,
            (header, _) -> header.dmaster() == 1,
            (count, _) -> events.add("batch " + count),
            result -> log("traverse", result));
    assertFalse(takeEvents().stream().anyMatch(event -> event.startsWith("traverse")));
    store.unlock(key("k3"), "smbd");
    assertTrue(takeEvents().contains("traverse ok 10"));
    stop.run();
    assertEquals(List.of(), takeEvents());
    store
        .traverse(1, (_, _) -> true, (_, _) -> events.add("batch"), result -> log("end", result))
        .run();
    assertEquals(List.of("end ok 0"), takeEvents());
  }

  @Test
  void updateStoresAllOrNothing() {
    store.put(key, new RecordHeader(5, 0, 0), Bytes.ofText("five"));
    store.update(
        List.of(record("other", 1, "new"), record("key", 5, "different")),
        false,
        AS_GIVEN,
        result -> log("update", result));
    assertEquals(List.of("update failed"), takeEvents());
    assertNull(store.get(key("other")));
    store.tryLock(key, "smbd");
    store.update(
        List.of(record("other", 1, "new"), record("key", 5, "five"), record("key", 6, "six")),
        true,
        AS_GIVEN,
        result -> log("update", result));
    assertEquals(List.of(), takeEvents());
    store.unlock(key, "smbd");
    assertEquals(List.of("update ok null"), takeEvents());
    assertNull(store.get(key("other")));
    assertEquals(Bytes.ofText("six"), store.get(key).data());
    store.checkIdle();
  }

  @Test
  void sequenceNumberRisesWithChangesOnceEnabled() {
    store.put(key, new RecordHeader(5, 0, 0), Bytes.EMPTY);
    assertEquals(0, store.sequenceNumber());
    store.enableSequenceNumber();
    assertEquals(0xcc1, store.openFlags());
    store.put(key, new RecordHeader(6, 0, 0), Bytes.EMPTY);
    store.delete(key);
    store.delete(key);
    assertEquals(2, store.sequenceNumber());
    store.incrementSequenceNumber();
    assertEquals(3, store.sequenceNumber());
  }

  @Test
  void faultsAreThrownOrAnswered() {
    store.setFaults((operation, _) -> operation == StoreOperation.LOCK ? null : "broken");
    assertThrows(StoreException.class, () -> store.fetch(key));
    assertTrue(store.tryLock(key));
    store.unlock(key);
    store.freeze(result -> log("freeze", result));
    assertEquals(List.of("freeze failed"), takeEvents());
  }

  @Test
  void onlyPersistentFilesOutliveTheirDaemon() {
    var factory = new MemoryStoreFactory(time, 2);
    factory
        .open("p.tdb", DatabaseFlags.PERSISTENT, 1, 0)
        .put(key, new RecordHeader(1, 2, 0), Bytes.EMPTY);
    factory.open("v.tdb", 0, 1, 0).put(key, new RecordHeader(1, 2, 0), Bytes.EMPTY);
    assertEquals(List.of("p.tdb"), factory.persistentNames());
    assertEquals(1, factory.open("p.tdb", DatabaseFlags.PERSISTENT, 1, 0).records().size());
    assertEquals(0, factory.open("v.tdb", 0, 1, 0).records().size());
    assertEquals(Path.of("/volatile/v.tdb.2"), factory.store("v.tdb").path());
  }
}
