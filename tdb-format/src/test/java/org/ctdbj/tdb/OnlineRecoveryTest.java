// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.ctdbj.tdb.lock.Await;
import org.ctdbj.tdb.lock.KernelLocks;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A commit dies while other handles have the file open: the next lock of one of them repairs it.
 */
class OnlineRecoveryTest {
  private static final byte[] NEW = bytes("new value, longer than the old one was");

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The program of the process that dies: file, flags, number of the sync after which it does. */
  static final class Committer {
    private Committer() {}

    public static void main(String[] arguments) {
      int[] syncsLeft = {Integer.parseInt(arguments[2])};
      var flags = TdbOptions.ofBits(Integer.parseInt(arguments[1]));
      var tdb = Tdb.open(Path.of(arguments[0]), flags);
      tdb.observeSyncs(
          () -> {
            if (--syncsLeft[0] == 0) {
              Runtime.getRuntime().halt(9);
            }
          });
      tdb.transactionStart();
      tdb.store(bytes("a"), NEW);
      tdb.store(bytes("b"), new byte[20_000]);
      tdb.transactionCommit();
      throw new AssertionError("the commit ended without a sync " + arguments[2]);
    }
  }

  private static void killCommitter(Path file, int flags, int sync) throws Exception {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                Committer.class.getName(),
                file.toString(),
                String.valueOf(flags),
                String.valueOf(sync))
            .inheritIO()
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the committer does not end");
      assertEquals(9, process.exitValue(), "the committer ended otherwise than by its death");
    } finally {
      process.destroyForcibly();
    }
  }

  private static Tdb create(Path file, int flags) {
    var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true));
    tdb.store(bytes("a"), bytes("old"));
    tdb.store(bytes("keep"), new byte[300]);
    return tdb;
  }

  /** What takes the first lock after the crash. */
  @SuppressWarnings("ImmutableEnumChecker") // the lambdas hold nothing
  enum FirstAccess {
    FETCH,
    STORE,
    LOCK_ALL,
    TRANSACTION,
    TRAVERSE,
    FREE_LIST;

    void of(Tdb tdb) {
      switch (this) {
        case FETCH -> assertArrayEquals(bytes("old"), tdb.fetch(bytes("a")));
        case STORE -> tdb.store(bytes("other"), bytes("value"));
        case LOCK_ALL -> {
          tdb.lockAll();
          tdb.unlockAll();
        }
        case TRANSACTION -> {
          tdb.transactionStart();
          tdb.store(bytes("other"), bytes("value"));
          tdb.transactionCommit();
        }
        case TRAVERSE ->
            tdb.traverseRead(
                (key, value) -> {
                  assertFalse(Arrays.equals(NEW, value), "a value of the dead commit");
                  return true;
                });
        case FREE_LIST -> assertTrue(tdb.freeListSize() > 0);
      }
    }
  }

  @Tag("interop")
  @ParameterizedTest(name = "flags {0}, first access {1}")
  @CsvSource({"0,FETCH", "0,LOCK_ALL", "0x1C01,STORE", "0x1C01,TRANSACTION"})
  void nextLockRollsBackTheCommitOfAKilledProcess(String flagBits, FirstAccess first)
      throws Exception {
    int flags = Integer.decode(flagBits);
    Path file = dir.resolve("killed.tdb");
    try (var tdb = create(file, flags);
        var second = tdb.reopen()) {
      killCommitter(file, flags, 3);
      first.of(tdb);
      assertArrayEquals(bytes("old"), second.fetch(bytes("a")));
      assertEquals(300, second.fetch(bytes("keep")).length);
      assertNull(second.fetch(bytes("b")));
      assertWholeUnlessMutexes(tdb);
      try (var lib = LibTdb.start()) {
        lib.open("t", file, 0, flags);
        assertEquals("v" + LibTdb.hex(bytes("old")), lib.call("get t " + LibTdb.hex(bytes("a"))));
        assertEquals("none", lib.call("get t " + LibTdb.hex(bytes("b"))));
      }
      second.transactionStart();
      second.store(bytes("a"), bytes("after"));
      second.transactionCommit();
      assertArrayEquals(bytes("after"), tdb.fetch(bytes("a")));
      assertWholeUnlessMutexes(tdb);
    }
  }

  /**
   * Where there are mutexes nothing keeps others off the chains from the moment the recovery data
   * is marked as used, so what the dead commit had added to the file stays lost, as with libtdb.
   */
  private static void assertWholeUnlessMutexes(Tdb tdb) {
    if (!tdb.usesMutexes()) {
      assertEquals(List.of(), tdb.check().findings());
    }
  }

  @ParameterizedTest
  @EnumSource
  void nextLockRollsBackACrashImage(FirstAccess first) throws IOException {
    byte[] image = Files.readAllBytes(CrashTest.images(dir, 0, true, false).get(2));
    Path file = dir.resolve("live.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.defaults())) {
      assertArrayEquals(NEW, tdb.fetch(bytes("a")));
      putInPlace(file, image);
      assertTrue(isRecoveryValid(file), "the image shows no interrupted commit");
      first.of(tdb);
      assertFalse(isRecoveryValid(file));
      assertArrayEquals(bytes("old"), tdb.fetch(bytes("a")));
      assertNull(tdb.fetch(bytes("b")));
      assertEquals(List.of(), tdb.check().findings());
    }
  }

  /** No lock has noticed what is pending then, and the commit would overwrite the old contents. */
  @Test
  void transactionUnderTheAllrecordLockRollsBackFirst() throws IOException {
    byte[] image = Files.readAllBytes(CrashTest.images(dir, 0, true, false).get(2));
    Path file = dir.resolve("live.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.defaults())) {
      tdb.lockAll();
      putInPlace(file, image);
      tdb.transactionStart();
      assertArrayEquals(bytes("old"), tdb.fetch(bytes("a")));
      tdb.store(bytes("c"), bytes("committed"));
      tdb.transactionCommit();
      tdb.unlockAll();
      assertArrayEquals(bytes("old"), tdb.fetch(bytes("a")));
      assertArrayEquals(bytes("committed"), tdb.fetch(bytes("c")));
      assertEquals(List.of(), tdb.check().findings());
    }
  }

  /** Others walk the free list, and join records of it, under its own lock alone. */
  @Test
  void lostSpaceIsReclaimedUnderTheFreeListLock() throws Exception {
    Path file = CrashTest.images(dir, 0, false, true).get(0);
    byte[] before = Files.readAllBytes(file);
    var opener = Executors.newSingleThreadExecutor();
    try (var walker =
        NativeFile.open(file, NativeFile.Access.READ_WRITE, NativeFile.Creation.NEVER, 0)) {
      assertTrue(walker.lock(LockMode.WRITE, 164, 1, false));
      var opening = opener.submit(() -> Tdb.open(file, TdbOptions.defaults()));
      Await.until(
          "the opener to wait for the free list",
          () -> opening.isDone() || KernelLocks.waiting(walker).contains("WRITE 164 164"));
      assertFalse(opening.isDone(), "the free list was changed under its walker");
      assertArrayEquals(before, Files.readAllBytes(file));
      walker.unlock(164, 1);
      try (var tdb = opening.get(30, TimeUnit.SECONDS)) {
        assertTrue(walker.lock(LockMode.WRITE, 164, 1, false), "the opener gave it back");
        walker.unlock(164, 1);
        assertEquals(List.of(), tdb.check().findings());
      }
      assertFalse(Arrays.equals(before, Files.readAllBytes(file)), "there was nothing to reclaim");
    } finally {
      opener.shutdown();
    }
  }

  /** It would change the free list while others use it. */
  @Test
  void handleWithoutLocksReclaimsNothing() throws IOException {
    var images = CrashTest.images(dir, 0, false, true);
    Path suspected = images.get(0);
    byte[] before = Files.readAllBytes(suspected);
    Tdb.open(suspected, TdbOptions.of(TdbFlag.NOLOCK)).close();
    assertArrayEquals(before, Files.readAllBytes(suspected));
    Tdb.open(suspected, TdbOptions.defaults()).close();
    assertFalse(
        Arrays.equals(before, Files.readAllBytes(suspected)), "nothing was to be reclaimed");
  }

  /** libtdb knows of no lost space, so its rollback shows what a rollback alone leaves. */
  @Tag("interop")
  @Test
  void handleWithoutLocksOnlyRollsBack() throws IOException {
    var images = CrashTest.images(dir, 0, false, true);
    Path ours = images.get(1);
    Path theirs = Files.copy(ours, dir.resolve("libtdb.tdb"));
    try (var lib = LibTdb.start()) {
      lib.open("t", theirs, 0, 0);
      lib.ok("close t");
    }
    try (var tdb = Tdb.open(ours, TdbOptions.of(TdbFlag.NOLOCK))) {
      assertArrayEquals(Files.readAllBytes(theirs), Files.readAllBytes(ours));
      assertArrayEquals(bytes("old"), tdb.fetch(bytes("a")));
    }
  }

  /** Writes over a file that others have mapped; the image is as long as the file. */
  private static void putInPlace(Path file, byte[] image) throws IOException {
    assertEquals(Files.size(file), image.length);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      var bytes = ByteBuffer.wrap(image);
      while (bytes.hasRemaining()) {
        channel.write(bytes, bytes.position());
      }
    }
  }

  private static boolean isRecoveryValid(Path file) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int area = bytes.getInt(TdbLayout.OFF_RECOVERY_START);
    return area != 0 && bytes.getInt(area + TdbLayout.OFF_RECORD_MAGIC) == TdbLayout.MAGIC_RECOVERY;
  }
}
