// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import static org.ctdbj.daemon.store.tdb.StoreFixture.key;
import static org.ctdbj.daemon.store.tdb.StoreFixture.keysOfDifferentChains;
import static org.ctdbj.daemon.store.tdb.TdbPeer.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.RecordHeader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Single records and their chain locks, with another process in the same file and both kinds of
 * locks.
 */
@Tag("interop")
class ChainLockingTest {
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
      // Not the digits alone: a process id may have them too.
      String reported = "the lock of key " + hex("a") + " ";
      String line = fixture.node.line("test.tdb", reported, Long.toString(smbd.pid()));
      assertTrue(line.startsWith("WARNING"), line);
      CompletableFuture<StoreResult<Void>> frozen = fixture.node.start(fixture.store::freeze);
      fixture.node.line("test.tdb", "whole file", Long.toString(smbd.pid()));
      smbd.unlock("a");
      assertTrue(NodeThread.await(frozen).ok());
      fixture.node.run(fixture.store::thaw);
      NodeThread.await(ran);
      assertEquals(
          1, fixture.node.lines().stream().filter(text -> text.contains(reported)).count());
    }
  }
}
