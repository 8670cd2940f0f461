// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a transaction locks against openers and other holders, and that it gives all of it back. */
class TransactionLockTest {
  private static final int MUTEX_FILE = 0x1C41;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Tdb create(Path file, int flags) {
    var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true));
    tdb.store(bytes("a"), bytes("old"));
    tdb.store(bytes("b"), bytes("old"));
    return tdb;
  }

  /**
   * An opener looks for an interrupted commit under the open lock alone: were it let in between
   * prepare and the end of the commit, it would roll back what is being written.
   */
  @Tag("interop")
  @ParameterizedTest(name = "flags {0}, allrecord lock held before {1}")
  @CsvSource({"0,false", "0,true", "0x1C41,false", "0x1C41,true"})
  void openerWaitsForTheEndOfACommit(String flagBits, boolean lockedBefore) throws IOException {
    int flags = Integer.decode(flagBits);
    Path file = dir.resolve("commit.tdb");
    try (var lib = LibTdb.start();
        var tdb = create(file, flags)) {
      if (lockedBefore) {
        tdb.lockAll();
      }
      for (boolean commit : new boolean[] {true, false}) {
        tdb.transactionStart();
        tdb.store(bytes("a"), bytes(commit ? "new" : "dropped"));
        tdb.store(bytes("b"), bytes(commit ? "new" : "dropped"));
        tdb.transactionPrepareCommit();
        lib.send("open t " + file + " 0 " + flags + " " + 2);
        assertTrue(lib.isBlocked(), "the opener got in while the recovery data was valid");
        if (commit) {
          tdb.transactionCommit();
        } else {
          tdb.transactionCancel();
        }
        assertEquals("ok", lib.receive());
        for (String key : List.of("a", "b")) {
          assertArrayEquals(bytes("new"), tdb.fetch(bytes(key)));
        }
        lib.ok("close t");
      }
      if (lockedBefore) {
        lib.open("t", file, 0, flags);
        lib.send("get t " + LibTdb.hex(bytes("a")));
        if ((flags & TdbFlag.MUTEX_LOCKING.bit()) == 0) {
          assertTrue(lib.isBlocked(), "the allrecord lock outlives the transaction");
        }
        assertFalse(lib.hasAnswer());
        tdb.unlockAll();
        assertEquals("v" + LibTdb.hex(bytes("new")), lib.receive());
      }
      assertEquals(List.of(), tdb.check().findings());
    }
  }

  /** Mutexes belong to a thread, so a transaction that another one ends cannot unlock all. */
  @ParameterizedTest(name = "prepared {0}")
  @ValueSource(booleans = {false, true})
  void failedUnlockLeavesNoOtherLockBehind(boolean prepared) throws Exception {
    Path file = dir.resolve("threads.tdb");
    var owner = Executors.newSingleThreadExecutor();
    try (var other =
        NativeFile.open(
            Files.createFile(file),
            NativeFile.Access.READ_WRITE,
            NativeFile.Creation.NEVER,
            0600)) {
      var tdb = owner.submit(() -> create(file, MUTEX_FILE)).get(30, TimeUnit.SECONDS);
      owner
          .submit(
              () -> {
                tdb.transactionStart();
                tdb.store(bytes("a"), bytes("dropped"));
                if (prepared) {
                  tdb.transactionPrepareCommit();
                }
              })
          .get(30, TimeUnit.SECONDS);
      assertFalse(other.lock(LockMode.WRITE, 8, 1, false), "the transaction lock is held");
      assertEquals(!prepared, other.lock(LockMode.WRITE, 0, 1, false), "the open lock");
      other.unlock(0, 1);

      var e = assertThrows(TdbException.class, tdb::transactionCancel);
      assertEquals(TdbError.LOCK, e.error());
      assertFalse(tdb.inTransaction());
      assertTrue(other.lock(LockMode.WRITE, 8, 1, false), "the transaction lock is back");
      assertTrue(other.lock(LockMode.WRITE, 0, 1, false), "the open lock is back");
      other.unlock(0, 0);
      try (var second = tdb.reopen()) {
        assertFalse(second.tryLockChain(bytes("a")), "the allrecord lock is the owner's still");
        owner.submit(tdb::close).get(30, TimeUnit.SECONDS);
        assertTrue(second.tryLockChain(bytes("a")));
        assertArrayEquals(bytes("old"), second.fetch(bytes("a")));
        second.unlockChain(bytes("a"));
        assertEquals(List.of(), second.check().findings());
      }
    } finally {
      owner.shutdown();
    }
  }
}
