// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import static org.ctdbj.daemon.store.tdb.StoreFixture.KEEP;
import static org.ctdbj.daemon.store.tdb.StoreFixture.key;
import static org.ctdbj.daemon.store.tdb.StoreFixture.keysOfDifferentChains;
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
import org.ctdbj.daemon.store.RecordKey;
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

/** The store against another process in the same file, with both kinds of chain locks. */
@Tag("interop")
class TdbDatabaseStoreTest {
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

  @Test
  void flagsAndNamesAreThoseOfCtdbd() throws Exception {
    try (var mutexes = volatileDatabase(true)) {
      assertEquals(0x1C41, mutexes.store.openFlags());
      assertEquals(directory.resolve("volatile/test.tdb.0").toAbsolutePath(), mutexes.store.path());
      mutexes.node.run(mutexes.store::enableSequenceNumber);
      assertEquals(0x1CC1, mutexes.store.openFlags());
      var replicated =
          mutexes.node.call(
              () -> mutexes.factory.open("repl.tdb", DatabaseFlags.REPLICATED, 131, 5));
      assertEquals(0xC41, replicated.openFlags());
      var persistent =
          mutexes.node.call(
              () -> mutexes.factory.open("pers.tdb", DatabaseFlags.PERSISTENT, 131, 5));
      assertEquals(0x400, persistent.openFlags());
      assertEquals(directory.resolve("persistent/pers.tdb.0").toAbsolutePath(), persistent.path());
      assertEquals(List.of("pers.tdb"), mutexes.factory.persistentNames());
      mutexes.node.run(replicated::close);
      mutexes.node.run(persistent::close);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void recordsAreSeenOnBothSides(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      fixture.put("a", 7, "hello");
      var header = new RecordHeader(7, 0, 0);
      assertEquals(StoreFixture.value(header, "hello").hex(), smbd.ask("fetch " + hex("a")));
      smbd.ok("store " + hex("b") + " " + StoreFixture.value(header, "from C").hex());
      assertEquals(Bytes.ofText("from C"), fixture.get("b").data());
      smbd.ok("store " + hex("short") + " 0011");
      assertNull(fixture.get("short"), "a value shorter than a header counts as none");
      fixture.node.run(
          () -> {
            assertTrue(fixture.store.tryLock(key("b")));
            fixture.store.delete(key("b"));
            fixture.store.delete(key("b"));
            fixture.store.unlock(key("b"));
          });
      assertEquals("none", smbd.ask("fetch " + hex("b")));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void waitersOfOneChainRunInOrderOnceItIsFree(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      smbd.lock("a");
      assertFalse(fixture.lockable("a"));
      List<Integer> order = new ArrayList<>();
      var last = new CompletableFuture<Void>();
      fixture.node.run(
          () -> {
            for (int i = 0; i < 200; i++) {
              int number = i;
              fixture.store.lockLater(
                  key("a"),
                  () -> {
                    assertTrue(fixture.store.tryLock(key("a")));
                    assertTrue(fixture.store.tryLock(key("a")), "nests");
                    fixture.store.store(
                        key("a"), new RecordHeader(number, 0, 0), Bytes.ofText("n" + number));
                    fixture.store.unlock(key("a"));
                    fixture.store.unlock(key("a"));
                    order.add(number);
                    if (number == 199) {
                      last.complete(null);
                    }
                  });
            }
          });
      assertFalse(fixture.lockable("a"), "who comes later does not overtake those who wait");
      assertTrue(order.isEmpty());
      smbd.unlock("a");
      NodeThread.await(last);
      assertEquals(
          java.util.stream.IntStream.range(0, 200).boxed().toList(),
          fixture.node.call(() -> List.copyOf(order)));
      smbd.lock("a"); // the store has given the chain back
      assertEquals(
          StoreFixture.value(new RecordHeader(199, 0, 0), "n199").hex(),
          smbd.ask("fetch " + hex("a")));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void manyContendedChainsDoNotHoldUpAnother(boolean mutexes) throws Exception {
    List<String> keys = keysOfDifferentChains(101);
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      for (String held : keys.subList(0, 100)) {
        smbd.lock(held);
      }
      var ran = new AtomicInteger();
      var all = new CompletableFuture<Void>();
      fixture.node.run(
          () -> {
            for (String held : keys.subList(0, 100)) {
              for (int i = 0; i < 3; i++) {
                fixture.store.lockLater(
                    key(held),
                    () -> {
                      assertTrue(fixture.store.tryLock(key(held)));
                      fixture.store.unlock(key(held));
                      if (ran.incrementAndGet() == 300) {
                        all.complete(null);
                      }
                    });
              }
            }
          });
      String free = keys.getLast();
      for (int i = 0; i < 50; i++) {
        fixture.put(free, i, "x");
      }
      assertEquals(49, fixture.get(free).header().rsn());
      assertEquals(0, ran.get());
      for (String held : keys.subList(0, 100)) {
        smbd.unlock(held);
      }
      NodeThread.await(all);
    }
  }

  /**
   * smbd-client: a process holds chain A and waits for an answer that needs chain B, many requests
   * wait for A.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void processThatHoldsOneChainGetsItsAnswerAboutAnother(boolean mutexes) throws Exception {
    List<String> keys = keysOfDifferentChains(3);
    String a = keys.get(0);
    String b = keys.get(1);
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture);
        var other = peer(fixture)) {
      smbd.lock(a);
      other.lock(b);
      var waited = new AtomicInteger();
      var all = new CompletableFuture<Void>();
      fixture.node.run(
          () -> {
            for (int i = 0; i < 500; i++) {
              fixture.store.lockLater(
                  key(a),
                  () -> {
                    if (waited.incrementAndGet() == 500) {
                      all.complete(null);
                    }
                  });
            }
          });
      var answer = new CompletableFuture<Void>();
      fixture.node.run(
          () ->
              fixture.store.lockLater(
                  key(b),
                  () -> {
                    assertTrue(fixture.store.tryLock(key(b)));
                    fixture.store.store(key(b), new RecordHeader(1, 0, 0), Bytes.ofText("yours"));
                    fixture.store.unlock(key(b));
                    answer.complete(null);
                  }));
      other.unlock(b);
      NodeThread.await(answer);
      assertEquals(0, waited.get());
      smbd.lock(b); // as smbd does after the answer, with A still held
      smbd.unlock(b);
      smbd.unlock(a);
      NodeThread.await(all);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void waitersGetTheirTurnAgainstProcessesThatHammerTheChain(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var one = peer(fixture);
        var two = peer(fixture)) {
      one.send("hammer " + hex("a") + " 1500");
      two.send("hammer " + hex("a") + " 1500");
      var stop = new CompletableFuture<Void>();
      var turns = new AtomicInteger();
      RecordKey key = key("a");
      fixture.node.run(
          () -> {
            var step =
                new Runnable() {
                  @Override
                  public void run() {
                    assertTrue(fixture.store.tryLock(key));
                    fixture.store.unlock(key);
                    if (turns.incrementAndGet() == 100) {
                      stop.complete(null);
                    } else {
                      fixture.store.lockLater(key, this);
                    }
                  }
                };
            fixture.store.lockLater(key, step);
          });
      NodeThread.await(stop);
      assertTrue(Long.parseLong(one.answer()) > 0);
      assertTrue(Long.parseLong(two.answer()) > 0);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void chainOfKilledProcessIsHadByTheNextWaiter(boolean mutexes) throws Exception {
    try (var fixture = volatileDatabase(mutexes);
        var smbd = peer(fixture)) {
      smbd.lock("a");
      var ran = new CompletableFuture<Void>();
      fixture.node.run(() -> fixture.store.lockLater(key("a"), () -> ran.complete(null)));
      assertFalse(ran.isDone());
      smbd.kill();
      NodeThread.await(ran);
      fixture.put(
          "a", 1, "after"); // and the node thread's own try works on a mutex whose owner died
    }
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

  @Test
  void sequenceNumberCountsWhatEveryHandleWrites() throws Exception {
    try (var fixture = volatileDatabase(true)) {
      fixture.node.run(fixture.store::enableSequenceNumber);
      try (var smbd = peer(fixture)) {
        int before = fixture.node.call(fixture.store::sequenceNumber);
        fixture.put("a", 1, "x");
        assertEquals(before + 1, fixture.node.call(fixture.store::sequenceNumber));
        smbd.lock("a");
        var ran = new CompletableFuture<Void>();
        fixture.node.run(
            () ->
                fixture.store.lockLater(
                    key("a"),
                    () -> {
                      assertTrue(fixture.store.tryLock(key("a")));
                      fixture.store.store(key("a"), new RecordHeader(2, 0, 0), Bytes.ofText("y"));
                      fixture.store.unlock(key("a"));
                      ran.complete(null);
                    }));
        smbd.unlock("a");
        NodeThread.await(ran);
        assertEquals(Integer.toString(before + 2), smbd.ask("seqnum"));
        smbd.ok("store " + hex("b") + " 00");
        assertEquals(before + 3, fixture.node.call(fixture.store::sequenceNumber));
        fixture.node.run(fixture.store::incrementSequenceNumber);
        assertEquals(before + 4, fixture.node.call(fixture.store::sequenceNumber));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void longWaitIsReportedOnceWithTheHolder(boolean mutexes) throws Exception {
    try (var fixture = new StoreFixture(directory, 0, mutexes, 200);
        var smbd = peer(fixture)) {
      smbd.lock("a");
      var ran = new CompletableFuture<Void>();
      fixture.node.run(() -> fixture.store.lockLater(key("a"), () -> ran.complete(null)));
      String line = fixture.node.line("test.tdb", hex("a"), Long.toString(smbd.pid()));
      assertTrue(line.startsWith("WARNING"), line);
      CompletableFuture<StoreResult<Void>> frozen = fixture.node.start(fixture.store::freeze);
      fixture.node.line("test.tdb", "whole file", Long.toString(smbd.pid()));
      smbd.unlock("a");
      assertTrue(NodeThread.await(frozen).ok());
      fixture.node.run(fixture.store::thaw);
      NodeThread.await(ran);
      assertEquals(
          1, fixture.node.lines().stream().filter(text -> text.contains(hex("a"))).count());
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
