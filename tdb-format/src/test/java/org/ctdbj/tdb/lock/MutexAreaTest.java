// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.ctdbj.tdb.os.LockMode.READ;
import static org.ctdbj.tdb.os.LockMode.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.Mapping;
import org.ctdbj.tdb.os.RobustMutexes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutexes between threads of this JVM, each with its own holder; other processes are in {@link
 * LibtdbLockTest}.
 */
class MutexAreaTest {
  private static final int CHAINS = 7;
  private static final int WAITERS = 0x80000000;

  @TempDir Path directory;
  private Path path;
  private Holder a;
  private Holder b;
  private Mapping view;
  private ExecutorService otherThread;

  @BeforeEach
  void open() {
    assumeTrue(MutexArea.isSupported(), "needs x86_64 or aarch64");
    path = Holder.createMutexFile(directory.resolve("m.tdb"), CHAINS);
    a = Holder.ofMutexes(path, CHAINS);
    b = Holder.ofMutexes(path, CHAINS);
    view = Mapping.map(a.file, 0, MutexArea.size(CHAINS));
    otherThread = Executors.newSingleThreadExecutor();
  }

  @AfterEach
  void close() throws Exception {
    if (a == null) {
      return;
    }
    onOther(
        () -> {
          b.close();
          return true;
        });
    otherThread.shutdown();
    view.close();
    a.close();
  }

  private <T> T onOther(java.util.concurrent.Callable<T> call) throws Exception {
    return otherThread.submit(call).get(30, TimeUnit.SECONDS);
  }

  private long chainMutex(int chain) {
    return 168 + RobustMutexes.size() + 8 + (chain + 1L) * RobustMutexes.size();
  }

  private void awaitWaiter(long mutex) throws Exception {
    Await.until("a waiter", () -> (view.segment().get(JAVA_INT, mutex) & WAITERS) != 0);
  }

  private short allState() {
    return view.segment().get(JAVA_SHORT, 168L + RobustMutexes.size());
  }

  @Test
  void sizesOfAllMachines() {
    assertEquals(4096, MutexArea.size(7, 40, 4096));
    assertEquals(0x3D1000, MutexArea.size(100001, 40, 4096));
    assertEquals(256 + 40 * 96, MutexArea.size(96, 40, 4096));
    assertEquals(8192, MutexArea.size(97, 40, 4096));
    assertEquals(65536, MutexArea.size(7, 48, 65536));
    assertEquals((272 + 48 * 100001 + 4095) / 4096 * 4096, MutexArea.size(100001, 48, 4096));
    assertThrows(IllegalArgumentException.class, () -> MutexArea.size(0, 40, 4096));
    assertTrue(MutexArea.size(0x3FFFFFFF, 40, 4096) > 0x100000000L, "no overflow");
  }

  @Test
  void refusesAFileThatIsTooShort() {
    a.file.truncate(MutexArea.size(CHAINS) - 1);
    var e = assertThrows(TdbException.class, () -> MutexArea.map(a.file, CHAINS));
    assertTrue(e.getMessage().contains("4095"), e.getMessage());
    a.file.allocate(MutexArea.size(CHAINS) - 1, MutexArea.size(CHAINS));
  }

  @Test
  void initialiseResetsWhateverWasThere() {
    view.segment().asSlice(168).fill((byte) 0xFF);
    a.mutexes.initialise();
    int kind = view.segment().get(JAVA_INT, chainMutex(6) + 16);
    assertEquals(0x92, kind, "error-checking, robust, process-shared");
    assertEquals(2, allState());
    assertEquals(
        (byte) 0xFF, view.segment().get(JAVA_BYTE, chainMutex(7)), "nothing behind the last");
    assertTrue(a.locks.lockAll(WRITE, false));
  }

  @Test
  void chainsExcludeAlsoReaders() throws Exception {
    assertTrue(a.locks.lockChain(2, READ, true));
    assertFalse(onOther(() -> b.locks.lockChain(2, READ, false)));
    assertTrue(onOther(() -> b.locks.lockChain(3, WRITE, false)));
    assertTrue(onOther(() -> b.locks.lockChain(LockTable.FREE_LIST, WRITE, false)));
    assertFalse(a.locks.lockChain(LockTable.FREE_LIST, WRITE, false));
    a.locks.lockChain(2, WRITE, true);
    a.locks.unlockChain(2, WRITE);
    assertFalse(onOther(() -> b.locks.lockChain(2, READ, false)), "nested");
    a.locks.unlockChain(2, READ);
    assertTrue(onOther(() -> b.locks.lockChain(2, READ, false)));
    assertEquals(List.of(), KernelLocks.held(a.file), "no system call for chains");
  }

  @Test
  void waitsForTheHolder() throws Exception {
    a.locks.lockChain(2, WRITE, true);
    var released = new AtomicBoolean();
    var waiter = otherThread.submit(() -> b.locks.lockChain(2, WRITE, true) && released.get());
    awaitWaiter(chainMutex(2));
    released.set(true);
    a.locks.unlockChain(2, WRITE);
    assertTrue(waiter.get(30, TimeUnit.SECONDS));
  }

  @Test
  void allRecordLockWaitsForChainsAndHoldsThemOff() throws Exception {
    onOther(() -> b.locks.lockChain(6, WRITE, true));
    assertFalse(a.locks.lockAll(READ, false));
    assertEquals(2, allState());
    onOther(
        () -> {
          b.locks.unlockChain(6, WRITE);
          return true;
        });
    assertTrue(a.locks.lockAll(WRITE, false));
    assertEquals(1, allState());
    assertEquals(List.of("WRITE 196 EOF"), KernelLocks.held(a.file));
    assertFalse(onOther(() -> b.locks.lockChain(1, READ, false)));
    assertFalse(onOther(() -> b.locks.lockAll(READ, false)));
    assertTrue(onOther(() -> b.locks.lockChain(LockTable.FREE_LIST, WRITE, false)));
    var waiter = otherThread.submit(() -> b.locks.lockChain(1, READ, true));
    awaitWaiter(168);
    a.locks.unlockAll(WRITE);
    assertTrue(waiter.get(30, TimeUnit.SECONDS));
    assertEquals(2, allState());
    assertEquals(List.of(), KernelLocks.held(a.file));
  }

  @Test
  void sharedAllRecordLockLetsReadersIn() throws Exception {
    a.locks.lockAll(READ, true);
    assertEquals(0, allState());
    assertTrue(onOther(() -> b.locks.lockChain(1, READ, false)));
    onOther(
        () -> {
          b.locks.unlockChain(1, READ);
          return true;
        });
    assertFalse(onOther(() -> b.locks.lockChain(1, WRITE, false)));
    assertFalse(onOther(() -> b.locks.lockAll(READ, false)), "one allrecord holder at a time");
  }

  @Test
  void secondChainIgnoresTheAllRecordLock() throws Exception {
    onOther(() -> b.locks.lockChain(5, WRITE, true));
    var waiter = otherThread;
    var main = Executors.newSingleThreadExecutor();
    try {
      var all = main.submit(() -> a.locks.lockAll(WRITE, true));
      awaitWaiter(chainMutex(5));
      assertTrue(
          waiter.submit(() -> b.locks.lockChain(1, WRITE, false)).get(30, TimeUnit.SECONDS),
          "its holder waits for chain 5: a queue here would be a deadlock");
      onOther(
          () -> {
            b.locks.unlockChain(1, WRITE);
            b.locks.unlockChain(5, WRITE);
            return true;
          });
      assertTrue(all.get(30, TimeUnit.SECONDS));
      main.submit(() -> a.locks.unlockAll(WRITE)).get(30, TimeUnit.SECONDS);
    } finally {
      main.shutdown();
    }
  }

  @Test
  void upgradeWaitsForReaders() throws Exception {
    a.locks.lockTransaction(true);
    a.locks.lockAllUpgradable(true);
    assertEquals(0, allState());
    onOther(() -> b.locks.lockChain(3, READ, true));
    var unlock = new AtomicBoolean();
    var reader =
        otherThread.submit(
            () -> {
              awaitWaiter(chainMutex(3));
              unlock.set(true);
              b.locks.unlockChain(3, READ);
              return true;
            });
    a.locks.upgradeAll();
    assertTrue(reader.get(30, TimeUnit.SECONDS));
    assertTrue(unlock.get(), "upgraded while a reader was inside");
    assertEquals(1, allState());
    assertEquals(List.of("WRITE 196 EOF", "WRITE 8 8"), KernelLocks.held(a.file));
    a.locks.unlockAll(LockMode.WRITE);
    a.locks.unlockTransaction();
    assertEquals(2, allState());
  }

  @Test
  void tryForAllThatFailsAtTheRecordsLeavesNothing() throws Exception {
    onOther(
        () -> {
          b.locks.lockRecord(200);
          return true;
        });
    assertFalse(a.locks.lockAll(WRITE, false));
    assertEquals(2, allState());
    assertTrue(onOther(() -> b.locks.lockChain(1, READ, false)));
  }

  @Test
  void deadThreadsChainIsTakenOver() throws Exception {
    var dying = Holder.ofMutexes(path, CHAINS);
    var thread =
        new Thread(
            () -> {
              dying.locks.lockChain(4, WRITE, true);
              dying.locks.lockChain(LockTable.FREE_LIST, WRITE, true);
            });
    thread.start();
    thread.join();
    assertTrue(a.locks.lockChain(4, WRITE, true));
    assertTrue(a.locks.lockChain(LockTable.FREE_LIST, WRITE, true));
    a.locks.unlockChain(LockTable.FREE_LIST, WRITE);
    a.locks.unlockChain(4, WRITE);
    assertTrue(onOther(() -> b.locks.lockChain(4, WRITE, false)), "consistent again");
    assertThrows(IllegalStateException.class, dying.mutexes::close);
    dying.file.close();
  }

  @Test
  void deadThreadsAllRecordLockIsReset() throws Exception {
    var dying = Holder.ofMutexes(path, CHAINS);
    var thread = new Thread(() -> dying.locks.lockAll(WRITE, true));
    thread.start();
    thread.join();
    assertEquals(1, allState());
    // Its byte lock belongs to the descriptor, which nobody closes for a dead thread.
    assertEquals(List.of("WRITE 196 EOF"), KernelLocks.held(a.file));
    dying.file.close();
    assertTrue(a.locks.lockChain(4, WRITE, true));
    assertEquals(2, allState());
    a.locks.unlockChain(4, WRITE);
    assertTrue(a.locks.lockAll(WRITE, false));
  }

  @Test
  void deadlockOfOneThreadWithItselfIsReported() {
    a.locks.lockChain(4, WRITE, true);
    assertFalse(b.locks.lockChain(4, WRITE, false));
    var e = assertThrows(TdbException.class, () -> b.locks.lockChain(4, WRITE, true));
    assertEquals(TdbError.LOCK, e.error());
    assertTrue(
        e.getMessage().contains("EDEADLK") && e.getMessage().contains("chain 4"), e::getMessage);
  }

  @Test
  void onlyTheLockingThreadUnlocks() throws Exception {
    a.locks.lockChain(4, WRITE, true);
    var e = onOther(() -> assertThrows(TdbException.class, () -> a.locks.unlockChain(4, WRITE)));
    assertTrue(e.getMessage().contains("EPERM"), e.getMessage());
    assertFalse(onOther(() -> b.locks.lockChain(4, WRITE, false)), "still locked");
    assertThrows(IllegalStateException.class, () -> a.mutexes.close());
    a.locks.unlockChain(4, WRITE);
    assertTrue(onOther(() -> b.locks.lockChain(4, WRITE, false)));
  }

  @Test
  void virtualThreadsAreRefused() throws Exception {
    var failure = new AtomicReference<Throwable>();
    Thread.ofVirtual()
        .uncaughtExceptionHandler((thread, e) -> failure.set(e))
        .start(() -> b.locks.lockChain(4, WRITE, true))
        .join();
    assertInstanceOf(IllegalStateException.class, failure.get());
    assertTrue(a.locks.lockChain(4, WRITE, false));
  }

  @Test
  void closedMutexesAreNotTouched() {
    var gone = Holder.ofMutexes(path, CHAINS);
    gone.close();
    assertThrows(IllegalStateException.class, () -> gone.locks.lockChain(1, READ, false));
  }

  /** The C library would do anything with it, also end the process. */
  @Test
  void whatIsNoMutexIsRefused() {
    view.segment().asSlice(chainMutex(2), RobustMutexes.size()).fill((byte) 0x42);
    var e = assertThrows(TdbException.class, () -> a.locks.lockChain(2, WRITE, true));
    assertEquals(TdbError.LOCK, e.error());
    assertTrue(e.getMessage().contains("the mutex of chain 2 at byte "), e.getMessage());
    assertTrue(e.getMessage().contains("close the database everywhere"), e.getMessage());
  }

  @Test
  void recoversAfterTheLockOfADeadHolder() throws Exception {
    a.pending.needed = true;
    assertTrue(a.locks.lockChain(1, WRITE, true));
    assertEquals(1, a.pending.recovered);
    assertEquals(List.of("WRITE 0 0", "WRITE 168 EOF"), a.pending.lockedMeanwhile);
    assertEquals(List.of(), KernelLocks.held(a.file));
    assertFalse(onOther(() -> b.locks.lockChain(1, READ, false)));
  }

  @Test
  void damagedStateIsNotTakenForALock() {
    view.segment().set(JAVA_SHORT, 168L + RobustMutexes.size(), (short) 0);
    var e = assertThrows(TdbException.class, () -> a.locks.lockAll(READ, false));
    assertEquals(TdbError.LOCK, e.error());
    assertTrue(e.getMessage().contains("found 0"), e.getMessage());
  }
}
