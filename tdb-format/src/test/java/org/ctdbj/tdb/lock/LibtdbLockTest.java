// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.ctdbj.tdb.os.LockMode.READ;
import static org.ctdbj.tdb.os.LockMode.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.Mapping;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our locks against libtdb's, and against classic fcntl locks, in another process. */
@Tag("interop")
class LibtdbLockTest {
  private static final int CHAINS = 7;

  /** NOSYNC, CLEAR_IF_FIRST, INCOMPATIBLE_HASH; and MUTEX_LOCKING. */
  private static final String BYTE_FLAGS = "0x841";

  private static final String MUTEX_FLAGS = "0x1841";

  @TempDir Path directory;
  private Path path;
  private LibtdbPeer peer;
  private Holder ours;

  @BeforeEach
  void start() throws Exception {
    path = directory.resolve("p.tdb");
    peer = LibtdbPeer.start();
  }

  @AfterEach
  void stop() {
    if (ours != null) {
      ours.close();
    }
    if (peer != null) {
      peer.close();
    }
  }

  private void share(boolean mutexes) {
    share(mutexes, CHAINS);
  }

  private void share(boolean mutexes, int chains) {
    assumeTrue(!mutexes || MutexArea.isSupported(), "needs x86_64 or aarch64");
    peer.expectOk(open(mutexes, chains));
    ours = mutexes ? Holder.ofMutexes(path, chains) : Holder.ofBytes(path, chains);
    ours.locks.holdActive();
  }

  private String open(boolean mutexes, int chains) {
    return "open " + path + " " + chains + " " + (mutexes ? MUTEX_FLAGS : BYTE_FLAGS);
  }

  private static void assertBusy(String answer) {
    // TDB_ERR_LOCK
    assertTrue(answer.startsWith("error 3 errno "), answer);
  }

  @Test
  void classicLocksOfAnotherProcessExclude() throws Exception {
    ours = Holder.ofBytes(path, CHAINS);
    peer.expectOk("open-plain " + path);
    peer.expectOk("lockf R 4 1 try");
    assertFalse(ours.locks.tryLockActive());
    ours.locks.holdActive();
    assertEquals("busy", peer.ask("lockf W 4 1 try"));
    ours.locks.unlockActive();
    peer.expectOk("lockf W 4 1 try");

    ours.locks.lockAll(READ, true);
    assertEquals("busy", peer.ask("lockf W 190 1 try"));
    peer.expectOk("lockf R 190 1 try");
    assertEquals("busy", peer.ask("lockf W 1000000 0 try"));
    ours.locks.unlockAll(READ);

    peer.expectOk("lockf W 168 1 try");
    var released = new AtomicBoolean();
    var waiter =
        CompletableFuture.supplyAsync(() -> ours.locks.lockChain(0, READ, true) && released.get());
    Await.until("our request", () -> !KernelLocks.waiting(ours.file).isEmpty());
    released.set(true);
    peer.expectOk("lockf U 168 0 wait");
    assertTrue(waiter.get(30, TimeUnit.SECONDS), "locked before the other process unlocked");
    peer.sendAndAwaitBlocked("lockf W 168 1 wait");
    ours.locks.unlockChain(0, READ);
    assertEquals("ok", peer.answer());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void chainsExcludeInBothDirections(boolean mutexes) throws Exception {
    share(mutexes);
    ours.locks.lockChain(3, WRITE, true);
    assertBusy(peer.ask("chainlock_nonblock 3"));
    assertBusy(peer.ask("chainlock_read_nonblock 3"));
    peer.expectOk("chainlock_nonblock 4");
    assertFalse(ours.locks.lockChain(4, READ, false));
    peer.expectOk("chainunlock 4");
    peer.sendAndAwaitBlocked("chainlock 3");
    ours.locks.unlockChain(3, WRITE);
    assertEquals("ok", peer.answer());
    assertFalse(ours.locks.lockChain(3, WRITE, false));
    peer.expectOk("chainunlock 3");
    assertTrue(ours.locks.lockChain(3, WRITE, false));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void allRecordLocksExcludeInBothDirections(boolean mutexes) throws Exception {
    share(mutexes);
    ours.locks.lockAll(WRITE, true);
    assertBusy(peer.ask("chainlock_read_nonblock 6"));
    assertBusy(peer.ask("lockall_read_nonblock"));
    peer.sendAndAwaitBlocked("lockall");
    ours.locks.unlockAll(WRITE);
    assertEquals("ok", peer.answer());
    assertFalse(ours.locks.lockAll(READ, false));
    assertFalse(ours.locks.lockChain(0, READ, false));
    peer.expectOk("unlockall");
    peer.expectOk("lockall_read");
    assertTrue(ours.locks.lockChain(0, READ, false));
    ours.locks.unlockChain(0, READ);
    assertFalse(ours.locks.lockChain(0, WRITE, false));
    peer.expectOk("unlockall_read");
    assertTrue(ours.locks.lockAll(READ, true));
    assertBusy(peer.ask("chainlock_nonblock 2"));
    peer.expectOk("chainlock_read_nonblock 2");
    peer.expectOk("chainunlock_read 2");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void transactionsExcludeInBothDirections(boolean mutexes) throws Exception {
    share(mutexes);
    peer.expectOk("transaction_start");
    peer.expectOk("store 3 value");
    assertFalse(ours.locks.lockTransaction(false));
    assertTrue(ours.locks.lockChain(3, READ, false));
    ours.locks.unlockChain(3, READ);
    assertFalse(ours.locks.lockChain(3, WRITE, false));
    ours.locks.lockChain(3, READ, true);
    peer.sendAndAwaitBlocked("transaction_commit");
    ours.locks.unlockChain(3, READ);
    assertEquals("ok", peer.answer());

    ours.locks.lockTransaction(true);
    ours.locks.lockAllUpgradable(true);
    peer.expectOk("chainlock_read_nonblock 3");
    peer.expectOk("chainunlock_read 3");
    ours.locks.upgradeAll();
    assertBusy(peer.ask("chainlock_read_nonblock 3"));
    peer.sendAndAwaitBlocked("transaction_start");
    ours.locks.unlockAll(LockMode.WRITE);
    ours.locks.unlockTransaction();
    assertEquals("ok", peer.answer());
    peer.expectOk("transaction_cancel");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void locksOfAKilledProcessAreFree(boolean mutexes) throws Exception {
    share(mutexes);
    peer.expectOk("chainlock 3");
    var waiter = CompletableFuture.supplyAsync(() -> lockAndUnlock(3));
    peer.kill();
    assertTrue(waiter.get(30, TimeUnit.SECONDS));
    try (var next = LibtdbPeer.start()) {
      next.expectOk(open(mutexes, CHAINS));
      next.expectOk("lockall");
      assertFalse(ours.locks.lockChain(1, READ, false));
      next.kill();
      assertTrue(ours.locks.lockChain(1, WRITE, true));
      ours.locks.unlockChain(1, WRITE);
      assertTrue(ours.locks.lockAll(WRITE, true));
    }
  }

  private boolean lockAndUnlock(int chain) {
    boolean locked = ours.locks.lockChain(chain, WRITE, true);
    ours.locks.unlockChain(chain, WRITE);
    return locked;
  }

  @Test
  void libtdbTakesOverFromADeadThread() throws Exception {
    share(true);
    var dying = Holder.ofMutexes(path, CHAINS);
    var thread = new Thread(() -> dying.locks.lockChain(3, WRITE, true));
    thread.start();
    thread.join();
    peer.expectOk("chainlock 3");
    peer.expectOk("chainunlock 3");
    var all = new Thread(() -> ours.locks.lockAll(WRITE, true));
    all.start();
    all.join();
    // The byte lock behind the chains belongs to the descriptor, which a dead thread does not
    // close.
    ours.file.close();
    ours = null;
    peer.expectOk("lockall");
    peer.expectOk("unlockall");
    dying.file.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 96, 97, 100001})
  void mutexAreaIsLaidOutAsByLibtdb(int chains) throws Exception {
    share(true, chains);
    long size = MutexArea.size(chains);
    assertEquals(size + 168 + 4L * (chains + 1), Files.size(path));
    try (var theirs = Mapping.map(ours.file, 0, size)) {
      assertEquals(size, Integer.toUnsignedLong(theirs.segment().get(JAVA_INT, 64)), "mutex_size");
      var fresh = Holder.createMutexFile(directory.resolve("fresh"), chains);
      byte[] expected = theirs.segment().asSlice(168).toArray(JAVA_BYTE);
      byte[] found = Files.readAllBytes(fresh);
      assertArrayEquals(expected, java.util.Arrays.copyOfRange(found, 168, found.length));
    }
    assertEquals(chains == 100001, size >= 0x3D1000);
  }

  @Test
  void libtdbUsesMutexesThatWereInitialisedHere() throws Exception {
    share(true);
    ours.mutexes.initialise();
    peer.expectOk("lockall");
    peer.expectOk("unlockall");
    peer.expectOk("chainlock 6");
    assertFalse(ours.locks.lockChain(6, WRITE, false));
    peer.expectOk("chainunlock 6");
  }
}
