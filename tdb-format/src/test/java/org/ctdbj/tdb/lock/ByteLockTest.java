// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import static org.ctdbj.tdb.os.LockMode.READ;
import static org.ctdbj.tdb.os.LockMode.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files without mutexes: hash size 7, so chains are at 168 ... 192 and records from 196 (locks) or
 * 200 (offsets).
 */
class ByteLockTest {
  private static final int CHAINS = 7;

  @TempDir Path directory;
  private Holder a;
  private Holder b;

  @BeforeEach
  void open() {
    a = Holder.ofBytes(directory.resolve("x.tdb"), CHAINS);
    b = Holder.ofBytes(directory.resolve("x.tdb"), CHAINS);
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private static void assertRefused(Executable call) {
    assertEquals(TdbError.LOCK, assertThrows(TdbException.class, call).error());
  }

  private List<String> held() throws Exception {
    return KernelLocks.held(a.file);
  }

  @Test
  void chainLocksAreTheBytesOfLibtdb() throws Exception {
    a.locks.lockChain(LockTable.FREE_LIST, WRITE, true);
    a.locks.lockChain(0, READ, true);
    a.locks.lockChain(6, WRITE, true);
    assertEquals(List.of("READ 168 168", "WRITE 164 164", "WRITE 192 192"), held());
    assertThrows(IllegalArgumentException.class, () -> a.locks.lockChain(7, READ, true));
    assertThrows(IllegalArgumentException.class, () -> a.locks.lockChain(-2, READ, true));
  }

  @Test
  void readersShareAndWritersExclude() {
    assertTrue(a.locks.lockChain(2, READ, false));
    assertTrue(b.locks.lockChain(2, READ, false));
    b.locks.unlockChain(2, READ);
    assertFalse(b.locks.lockChain(2, WRITE, false));
    assertTrue(b.locks.lockChain(3, WRITE, false));
    a.locks.unlockChain(2, READ);
    assertTrue(b.locks.lockChain(2, WRITE, false));
    assertFalse(a.locks.lockChain(2, READ, false));
  }

  @Test
  void theLastUnlockCounts() throws Exception {
    a.locks.lockChain(1, WRITE, true);
    a.locks.lockChain(1, READ, true);
    a.locks.unlockChain(1, READ);
    assertEquals(List.of("WRITE 172 172"), held());
    a.locks.unlockChain(1, WRITE);
    assertEquals(List.of(), held());
    assertRefused(() -> a.locks.unlockChain(1, WRITE));
  }

  @Test
  void writeInsideReadUpgrades() throws Exception {
    a.locks.lockChain(1, READ, true);
    assertTrue(b.locks.lockChain(1, READ, false));
    assertFalse(a.locks.lockChain(1, WRITE, false));
    b.locks.unlockChain(1, READ);
    assertTrue(a.locks.lockChain(1, WRITE, false));
    assertEquals(List.of("WRITE 172 172"), held());
    a.locks.unlockChain(1, WRITE);
    assertEquals(List.of("WRITE 172 172"), held());
    a.locks.unlockChain(1, READ);
    assertEquals(List.of(), held());
  }

  @Test
  void waitsForTheHolder() throws Exception {
    a.locks.lockChain(4, WRITE, true);
    var released = new AtomicBoolean();
    var waiter =
        CompletableFuture.supplyAsync(() -> b.locks.lockChain(4, WRITE, true) && released.get());
    Await.until(
        "the lock request", () -> KernelLocks.waiting(a.file).equals(List.of("WRITE 184 184")));
    released.set(true);
    a.locks.unlockChain(4, WRITE);
    assertTrue(waiter.get(30, TimeUnit.SECONDS), "locked before the holder unlocked");
  }

  @Test
  void allRecordLockCoversChains() throws Exception {
    a.locks.lockAll(WRITE, true);
    assertEquals(List.of("WRITE 168 EOF"), held());
    a.locks.lockChain(3, WRITE, true);
    a.locks.lockChain(LockTable.FREE_LIST, WRITE, true);
    assertEquals(List.of("WRITE 168 EOF"), held());
    assertFalse(b.locks.lockChain(3, READ, false));
    assertTrue(b.locks.lockChain(LockTable.FREE_LIST, READ, false), "byte 164 is outside");
    a.locks.unlockChain(3, WRITE);
    a.locks.unlockAll(WRITE);
    assertEquals(List.of("READ 164 164"), held());
  }

  @Test
  void sharedAllRecordLockRefusesWriters() {
    a.locks.lockAll(READ, true);
    assertTrue(a.locks.lockChain(3, READ, true));
    assertRefused(() -> a.locks.lockChain(3, WRITE, true));
    assertTrue(b.locks.lockChain(3, READ, false));
    assertFalse(b.locks.lockChain(2, WRITE, false));
    assertRefused(() -> a.locks.lockAll(WRITE, true));
    assertRefused(() -> a.locks.unlockAll(WRITE));
    a.locks.lockAll(READ, true);
    a.locks.unlockAll(READ);
    assertTrue(a.locks.holdsAll());
    assertFalse(a.locks.holdsAllExclusive());
    a.locks.unlockAll(READ);
    assertFalse(a.locks.holdsAll());
    assertRefused(() -> a.locks.unlockAll(READ));
  }

  @Test
  void allRecordLockNeedsFreeHands() throws Exception {
    a.locks.lockChain(3, READ, true);
    assertRefused(() -> a.locks.lockAll(READ, true));
    a.locks.unlockChain(3, READ);
    a.locks.lockTransaction(true);
    assertRefused(() -> a.locks.lockAll(WRITE, true));
    a.locks.unlockTransaction();
    a.locks.holdActive();
    assertTrue(a.locks.lockAll(WRITE, true));
    assertEquals(List.of("READ 4 4", "WRITE 168 EOF"), held());
  }

  @Test
  void recordLocksOutliveTheAllRecordLock() throws Exception {
    a.locks.lockRecord(200);
    a.locks.lockRecord(300);
    assertTrue(a.locks.lockAll(WRITE, true));
    assertEquals(List.of("WRITE 168 EOF"), held());
    a.locks.giveUpRecord(300);
    a.locks.unlockAll(WRITE);
    assertEquals(List.of("READ 200 200"), held());
    a.locks.markAll();
    a.locks.giveUpRecord(200);
    a.locks.giveUpRecord(200);
    a.locks.unmarkAll();
    assertEquals(List.of(), held());
  }

  @Test
  void marksCountButLockNothing() throws Exception {
    a.locks.markChain(3);
    assertEquals(List.of(), held());
    assertTrue(a.locks.lockChain(3, WRITE, true));
    assertEquals(List.of(), held(), "the mark covers it");
    assertRefused(() -> a.locks.lockAll(WRITE, true));
    assertRefused(a.locks::markAll);
    a.locks.unlockChain(3, WRITE);
    a.locks.unmarkChain(3);
    assertRefused(() -> a.locks.unmarkChain(3));
    a.locks.lockChain(3, WRITE, true);
    a.locks.markChain(3);
    a.locks.unmarkChain(3);
    assertRefused(() -> a.locks.unmarkChain(3));
    a.locks.unlockChain(3, WRITE);
    a.locks.markTransaction();
    assertRefused(() -> a.locks.lockAll(WRITE, true));
    a.locks.unmarkTransaction();
    assertRefused(a.locks::unmarkTransaction);
    a.locks.markAll();
    a.locks.markAll();
    assertTrue(a.locks.lockChain(5, WRITE, true));
    assertRefused(() -> a.locks.lockAll(READ, true));
    a.locks.unlockChain(5, WRITE);
    a.locks.unmarkAll();
    assertTrue(a.locks.holdsAllExclusive());
    a.locks.unmarkAll();
    assertRefused(a.locks::unmarkAll);
    a.locks.lockAll(WRITE, true);
    assertRefused(a.locks::unmarkAll);
    a.locks.markChain(1);
    a.locks.releaseAllButActive();
    assertEquals(List.of(), held());
    assertFalse(a.locks.holdsExtra(false));
  }

  @Test
  void tryingForAllLeavesNothingBehind() throws Exception {
    b.locks.lockRecord(400);
    assertFalse(a.locks.lockAll(WRITE, false));
    assertEquals(List.of("READ 400 400"), held());
    assertTrue(a.locks.lockAll(READ, false));
    a.locks.unlockAll(READ);
    b.locks.unlockRecord(400);
    b.locks.lockChain(6, READ, true);
    assertFalse(a.locks.lockAll(WRITE, false));
    assertEquals(List.of("READ 192 192"), held());
  }

  /**
   * The sequence which strace shows of libtdb: halves, rounded down, until at most 4 bytes are left
   * to wait for.
   */
  @Test
  void takesFreeChainsBeforeItWaitsForTheBusyOne() throws Exception {
    b.locks.lockChain(6, WRITE, true);
    var locked = CompletableFuture.supplyAsync(() -> a.locks.lockAll(WRITE, true));
    Await.until(
        "the lock request", () -> KernelLocks.waiting(a.file).equals(List.of("WRITE 192 195")));
    assertEquals(List.of("WRITE 168 191", "WRITE 192 192"), held());
    b.locks.unlockChain(6, WRITE);
    assertTrue(locked.get(30, TimeUnit.SECONDS));
    assertEquals(List.of("WRITE 168 EOF"), held());
    a.locks.unlockAll(WRITE);
    assertEquals(List.of(), held());
  }

  @Test
  void transactionUpgradesWhenReadersAreGone() throws Exception {
    a.locks.lockTransaction(true);
    assertFalse(b.locks.lockTransaction(false));
    a.locks.lockAllUpgradable(true);
    assertTrue(a.locks.holdsAllExclusive());
    assertFalse(a.locks.holdsExtra(true));
    assertTrue(a.locks.holdsExtra(false));
    assertTrue(b.locks.lockChain(1, READ, false));
    assertFalse(b.locks.lockChain(2, WRITE, false));
    assertTrue(a.locks.lockChain(2, WRITE, true), "covered");
    var upgraded = CompletableFuture.runAsync(() -> a.locks.upgradeAll());
    Await.until("the upgrade", () -> KernelLocks.waiting(a.file).equals(List.of("WRITE 168 EOF")));
    b.locks.unlockChain(1, READ);
    upgraded.get(30, TimeUnit.SECONDS);
    assertEquals(List.of("WRITE 168 EOF", "WRITE 8 8"), held());
    assertRefused(() -> a.locks.upgradeAll());
    a.locks.unlockAll(LockMode.WRITE);
    a.locks.unlockTransaction();
    assertEquals(List.of(), held());
  }

  @Test
  void upgradeNeedsAnUnnestedUpgradableLock() {
    assertRefused(() -> a.locks.upgradeAll());
    a.locks.lockAll(READ, true);
    assertRefused(() -> a.locks.upgradeAll());
    a.locks.unlockAll(READ);
    a.locks.lockAllUpgradable(true);
    a.locks.lockAll(WRITE, true);
    assertRefused(() -> a.locks.upgradeAll());
    assertRefused(() -> a.locks.lockAll(READ, true));
    a.locks.unlockAll(WRITE);
    a.locks.upgradeAll();
    assertTrue(a.locks.holdsAllExclusive());
  }

  @Test
  void openAndActiveLocks() throws Exception {
    a.locks.lockOpen();
    assertTrue(a.locks.tryLockActive());
    a.locks.lockWholeData();
    assertEquals(List.of("WRITE 0 0", "WRITE 168 EOF", "WRITE 4 4"), held());
    a.locks.unlockWholeData();
    a.locks.unlockActive();
    a.locks.holdActive();
    a.locks.unlockOpen();
    assertFalse(b.locks.tryLockActive());
    b.locks.holdActive();
    assertEquals(List.of("READ 4 4", "READ 4 4"), held());
  }

  @Test
  void wholeDataLockIsNotMixedWithOthers() throws Exception {
    a.locks.lockChain(1, READ, true);
    assertRefused(() -> a.locks.lockWholeData());
    assertRefused(() -> a.locks.unlockWholeData());
    assertEquals(List.of("READ 172 172"), held());
  }

  @Test
  void recordsOfOwnAndForeignTraversesAreNotFreed() throws Exception {
    a.locks.lockRecord(200);
    a.locks.lockRecord(200);
    b.locks.lockRecord(300);
    assertFalse(a.locks.probeRecord(200));
    assertFalse(b.locks.probeRecord(200));
    assertFalse(a.locks.probeRecord(300));
    assertTrue(a.locks.probeRecord(400));
    a.locks.unlockRecord(200);
    assertFalse(b.locks.probeRecord(200));
    assertEquals(List.of("READ 200 200", "READ 300 300"), held());
    a.locks.unlockRecord(200);
    assertTrue(b.locks.probeRecord(200));
    assertRefused(() -> a.locks.unlockRecord(200));
    assertThrows(IllegalArgumentException.class, () -> a.locks.lockRecord(196));
  }

  @Test
  void recordLocksReachPastTwoGigabytes() throws Exception {
    a.locks.lockRecord(0xFFFFFF00L);
    assertEquals(List.of("READ 4294967040 4294967040"), held());
  }

  @Test
  void recoversBeforeTheFirstChainLockIsGiven() throws Exception {
    a.pending.needed = true;
    assertTrue(a.locks.lockChain(2, READ, true));
    assertEquals(1, a.pending.recovered);
    assertEquals(List.of("WRITE 0 0", "WRITE 164 164", "WRITE 168 EOF"), a.pending.lockedMeanwhile);
    assertEquals(List.of("READ 176 176"), held());
    a.pending.needed = true;
    assertTrue(a.locks.lockChain(3, READ, true), "not the first one: not asked");
    assertEquals(1, a.pending.recovered);
  }

  @Test
  void recoversBeforeTheAllRecordLockIsGiven() throws Exception {
    a.pending.needed = true;
    assertTrue(a.locks.lockAll(READ, true));
    assertEquals(1, a.pending.recovered);
    assertEquals(List.of("READ 168 EOF"), held());
  }

  @Test
  void recoveryKeepsTheRecordsOfOwnTraverses() throws Exception {
    a.locks.lockRecord(200);
    a.pending.needed = true;
    assertTrue(a.locks.lockChain(2, READ, true));
    assertEquals(List.of("READ 176 176", "READ 200 200"), held());
  }

  @Test
  void failedRecoveryLeavesNothingLocked() throws Exception {
    var broken = new LockTable(a.file, false);
    broken.layOut(
        CHAINS,
        null,
        new PendingRecovery() {
          @Override
          public boolean isNeeded() {
            return true;
          }

          @Override
          public void recover() {
            throw TdbException.of(TdbError.CORRUPT, a.file.path(), "recovery data is damaged");
          }
        });
    var e = assertThrows(TdbException.class, () -> broken.lockChain(2, READ, true));
    assertEquals(TdbError.CORRUPT, e.error());
    assertThrows(TdbException.class, () -> broken.lockAll(READ, true));
    assertEquals(List.of(), held());
  }

  @Test
  void noLockExcludesNobody() throws Exception {
    try (var free = Holder.ofNothing(directory.resolve("x.tdb"), CHAINS)) {
      a.locks.lockAll(WRITE, true);
      a.locks.holdActive();
      assertTrue(free.locks.tryLockActive());
      assertTrue(free.locks.lockChain(1, WRITE, true));
      free.locks.lockRecord(200);
      assertTrue(free.locks.probeRecord(200));
      free.locks.unlockRecord(200);
      free.locks.unlockChain(1, WRITE);
      assertTrue(free.locks.lockTransaction(true));
      assertTrue(free.locks.lockAllUpgradable(true));
      free.locks.upgradeAll();
      free.locks.unlockAll(LockMode.WRITE);
      free.locks.unlockTransaction();
      assertEquals(List.of("READ 4 4", "WRITE 168 EOF"), held());
    }
    assertEquals(List.of("READ 4 4", "WRITE 168 EOF"), held(), "closing keeps others' locks");
  }

  @Test
  void releasesEverythingButTheActiveLock() throws Exception {
    a.locks.holdActive();
    a.locks.lockOpen();
    a.locks.lockTransaction(true);
    a.locks.lockChain(1, WRITE, true);
    a.locks.lockChain(1, WRITE, true);
    a.locks.lockChain(2, READ, true);
    a.locks.lockRecord(200);
    a.locks.releaseAllButActive();
    assertEquals(List.of("READ 4 4"), held());
    a.locks.lockAllUpgradable(true);
    a.locks.releaseAllButActive();
    assertEquals(List.of("READ 4 4"), held());
    assertTrue(a.locks.lockAll(WRITE, true));
  }
}
