// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import static org.ctdbj.daemon.store.tdb.StoreFixture.KEEP;
import static org.ctdbj.daemon.store.tdb.StoreFixture.key;
import static org.ctdbj.daemon.store.tdb.StoreFixture.record;
import static org.ctdbj.daemon.store.tdb.TdbPeer.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Freezing, transactions, traverses and updates, with another process in the same file and both
 * kinds of locks.
 */
@Tag("interop")
class FrozenDatabaseTest {
  @TempDir static Path programs;
  private static Path peerProgram;

  @TempDir Path directory;

  @BeforeAll
  static void compile() throws Exception {
    peerProgram = TdbPeer.compile(programs);
  }

  private StoreFixture volatileDatabase(boolean mutexes) throws Exception {
    return new StoreFixture(directory, 0, mutexes);
  }

  private static TdbPeer peer(StoreFixture fixture) throws Exception {
    return TdbPeer.open(peerProgram, fixture.store.path(), fixture.store.openFlags());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void freezeWaitsForHeldChainAndKeepsEverybodyOut(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      smbd.lock("a");
      CompletableFuture<StoreResult<Void>> frozen = fixture.node.start(fixture.store::freeze);
      CompletableFuture<StoreResult<Void>> second = fixture.node.start(fixture.store::freeze);
      assertEquals(FreezeState.FREEZING, fixture.node.call(fixture.store::freezeState));
      assertFalse(frozen.isDone());
      var ran = new ArrayList<String>();
      var last = new CompletableFuture<Void>();
      fixture.node.run(
          () -> {
            fixture.store.lockLater(key("a"), () -> ran.add("first"));
            fixture.store.lockLater(
                key("a"),
                () -> {
                  ran.add("second");
                  last.complete(null);
                });
          });
      smbd.unlock("a");
      assertTrue(NodeThread.await(frozen).ok());
      assertTrue(NodeThread.await(second).ok());
      assertEquals(FreezeState.FROZEN, fixture.node.call(fixture.store::freezeState));
      assertFalse(fixture.lockable("a"));
      assertFalse(fixture.lockable("b"));
      smbd.send("lock " + hex("b")); // waits for the thaw
      assertTrue(fixture.node.call(() -> ran.isEmpty()));
      fixture.node.run(fixture.store::thaw);
      NodeThread.await(last);
      assertEquals(List.of("first", "second"), fixture.node.call(() -> List.copyOf(ran)));
      assertEquals("0", smbd.answer());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void thawEndsTheWaitForTheLock(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      smbd.lock("a");
      CompletableFuture<StoreResult<Void>> frozen = fixture.node.start(fixture.store::freeze);
      fixture.node.run(fixture.store::thaw);
      assertFalse(NodeThread.await(frozen).ok());
      assertEquals(FreezeState.OPEN, fixture.node.call(fixture.store::freezeState));
      CompletableFuture<StoreResult<Void>> again = fixture.node.start(fixture.store::freeze);
      assertFalse(again.isDone());
      smbd.unlock("a");
      assertTrue(NodeThread.await(again).ok());
      fixture.node.run(fixture.store::thaw);
      fixture.get("a");
      // Abandoned for good: the lock comes and goes by itself.
      smbd.lock("a");
      CompletableFuture<StoreResult<Void>> third = fixture.node.start(fixture.store::freeze);
      fixture.node.run(fixture.store::thaw);
      assertFalse(NodeThread.await(third).ok());
      smbd.unlock("a");
      fixture.get("a");
      smbd.ok("lockall");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void recoveryTransactionIsSeenAfterCommitOnly(int kind) throws Exception {
    int flags = new int[] {0, DatabaseFlags.PERSISTENT, DatabaseFlags.REPLICATED}[kind];
    try (var fixture = new StoreFixture(directory, flags, true);
        var smbd = peer(fixture)) {
      fixture.put("old", 1, "old");
      fixture.node.<Void>done(fixture.store::freeze);
      fixture.node.<Void>done(fixture.store::transactionStart);
      fixture.node.<Void>done(fixture.store::wipe);
      List<RecordData> records = List.of(record("x", 5, "ex"), record("y", 6, "why"));
      assertEquals(2, fixture.node.<Integer>done(done -> fixture.store.push(records, KEEP, done)));
      assertEquals(5, fixture.get("x").header().rsn(), "read inside the transaction");
      fixture.node.<Void>done(fixture.store::transactionCancel);
      assertNotNull(fixture.get("old"));
      fixture.node.<Void>done(fixture.store::transactionStart);
      fixture.node.<Void>done(fixture.store::transactionStart); // takes the place of the first
      fixture.node.<Void>done(fixture.store::wipe);
      fixture.node.<Integer>done(done -> fixture.store.push(records, KEEP, done));
      fixture.node.<Void>done(fixture.store::transactionCommit);
      fixture.node.run(fixture.store::thaw);
      assertEquals("none", smbd.ask("fetch " + hex("old")));
      assertEquals(records.get(0).data().hex(), smbd.ask("fetch " + hex("x")));
      assertEquals("2", smbd.ask("count"));
      assertNull(fixture.get("old"));
      assertEquals(6, fixture.get("y").header().rsn());
    }
  }

  @Test
  void thawCancelsOpenTransaction() throws Exception {
    try (var fixture = volatileDatabase(true)) {
      fixture.put("old", 1, "old");
      fixture.node.<Void>done(fixture.store::freeze);
      fixture.node.<Void>done(fixture.store::transactionStart);
      fixture.node.<Void>done(fixture.store::wipe);
      fixture.node.run(fixture.store::thaw);
      assertNotNull(fixture.get("old"));
      assertFalse(NodeThread.await(fixture.node.start(fixture.store::transactionCommit)).ok());
    }
  }

  @Test
  void pullGivesEveryRecordOnceInBatchesAsTheyAreTaken() throws Exception {
    try (var fixture = volatileDatabase(true)) {
      var expected = new TreeSet<String>();
      for (int i = 0; i < 500; i++) {
        fixture.put("key" + i, i, "data" + i);
        expected.add("key" + i + "=data" + i + "@" + i);
      }
      fixture.node.<Void>done(fixture.store::freeze);
      fixture.node.<Void>done(fixture.store::transactionStart);
      var found = new TreeSet<String>();
      var batches = new AtomicInteger();
      int count =
          fixture.node.<Integer>done(
              done ->
                  fixture.store.pull(
                      1000,
                      (number, records) -> {
                        batches.incrementAndGet();
                        assertTrue(records.length() < 1100, "a batch is as large as asked for");
                        found.addAll(describe(number, records));
                      },
                      done));
      assertEquals(500, count);
      assertEquals(expected, found);
      assertTrue(batches.get() > 20);
      var failing =
          NodeThread.await(
              fixture.node.<Integer>start(
                  done ->
                      fixture.store.pull(
                          1000,
                          (number, records) -> {
                            throw new IllegalStateException("sink");
                          },
                          done)));
      assertFalse(failing.ok());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void traverseReadsWhileOthersWriteAndFreezeIsNotHeldUp(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      for (int i = 0; i < 300; i++) {
        fixture.put("key" + i, i, i % 3 == 0 ? "" : "data" + i);
      }
      smbd.send("hammer " + hex("key5") + " 300");
      var found = new TreeSet<String>();
      int count =
          fixture.node.<Integer>done(
              done ->
                  fixture.store.traverse(
                      500,
                      (header, length) -> length > 0 && header.dmaster() == 0,
                      (number, records) -> found.addAll(describe(number, records)),
                      done));
      assertEquals(200, count);
      assertEquals(200, found.size());
      smbd.answer();
      // A traverse that waits for a chain, and a freeze that waits for the same.
      smbd.lock("key5");
      var ended = new CompletableFuture<StoreResult<Integer>>();
      Runnable cancel =
          fixture.node.call(
              () ->
                  fixture.store.traverse(
                      500, (header, length) -> true, (number, records) -> {}, ended::complete));
      CompletableFuture<StoreResult<Void>> frozen = fixture.node.start(fixture.store::freeze);
      fixture.node.run(cancel);
      assertFalse(NodeThread.await(ended).ok());
      smbd.unlock("key5");
      assertTrue(NodeThread.await(frozen).ok());
    }
  }

  @Test
  void updateStoresAllOrNothing() throws Exception {
    try (var fixture = new StoreFixture(directory, DatabaseFlags.PERSISTENT, true);
        var smbd = peer(fixture)) {
      fixture.node.<Void>done(
          done ->
              fixture.store.update(
                  List.of(record("a", 3, "a3"), record("b", 1, "b1")), false, KEEP, done));
      assertEquals(record("a", 3, "a3").data().hex(), smbd.ask("fetch " + hex("a")));
      var refused =
          NodeThread.await(
              fixture.node.<Void>start(
                  done ->
                      fixture.store.update(
                          List.of(record("b", 2, "b2"), record("a", 3, "other")),
                          false,
                          KEEP,
                          done)));
      assertFalse(refused.ok());
      assertEquals(1, fixture.get("b").header().rsn(), "nothing of a refused set is stored");
      // The same once more, as after a lost answer.
      fixture.node.<Void>done(
          done -> fixture.store.update(List.of(record("a", 3, "a3")), false, KEEP, done));
      fixture.node.<Void>done(
          done ->
              fixture.store.update(
                  List.of(record("a", 9, "a9"), record("absent", 9, "x")), true, KEEP, done));
      assertEquals(9, fixture.get("a").header().rsn());
      assertNull(fixture.get("absent"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void updateThatWaitsWhenTheDatabaseIsFrozenIsNeverWritten(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      fixture.node.<Void>done(fixture.store::freeze);
      assertFalse(
          NodeThread.await(
                  fixture.node.<Void>start(
                      done ->
                          fixture.store.update(List.of(record("a", 1, "x")), false, KEEP, done)))
              .ok());
      fixture.node.run(fixture.store::thaw);
      fixture.get("a");
      // The keeper queues behind a chain; the update comes behind the keeper.
      smbd.lock("a");
      CompletableFuture<StoreResult<Void>> frozen = fixture.node.start(fixture.store::freeze);
      CompletableFuture<StoreResult<Void>> update =
          fixture.node.start(
              done -> fixture.store.update(List.of(record("b", 1, "x")), false, KEEP, done));
      smbd.unlock("a");
      assertTrue(NodeThread.await(frozen).ok());
      StoreResult<Void> result = NodeThread.await(update);
      fixture.node.run(fixture.store::thaw);
      fixture.node.<Void>done(
          done -> fixture.store.update(List.of(record("c", 1, "x")), false, KEEP, done));
      assertEquals(result.ok(), fixture.get("b") != null, "written if and only if it said so");
    }
  }

  private static List<String> describe(int count, Bytes records) {
    List<String> texts = new ArrayList<>();
    int at = 0;
    while (at < records.length()) {
      int length = records.getInt(at);
      RecordData record = RecordData.decode(records.slice(at, length));
      texts.add(
          record.key().text()
              + "="
              + record.data().from(RecordHeader.SIZE).text()
              + "@"
              + RecordHeader.decode(record.data()).rsn());
      at += length;
    }
    assertEquals(count, texts.size());
    return texts;
  }
}
