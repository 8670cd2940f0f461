// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.ctdbj.tdb.os.NativeFile.Access.READ_ONLY;
import static org.ctdbj.tdb.os.NativeFile.Access.READ_WRITE;
import static org.ctdbj.tdb.os.NativeFile.Creation.EXCLUSIVE;
import static org.ctdbj.tdb.os.NativeFile.Creation.IF_MISSING;
import static org.ctdbj.tdb.os.NativeFile.Creation.NEVER;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class NativeFileTest {
  private static final int OWNER_ONLY = 0600;

  @TempDir Path directory;

  private NativeFile create() {
    return NativeFile.open(directory.resolve("f"), READ_WRITE, EXCLUSIVE, OWNER_ONLY);
  }

  private static TdbException assertFails(TdbError error, int errno, Executable call) {
    var e = assertThrows(TdbException.class, call);
    assertEquals(error, e.error(), e.getMessage());
    assertEquals(errno, ErrnoException.errnoOf(e).orElse(0), e.getMessage());
    return e;
  }

  @Test
  void createsOnlyWhenAsked() throws IOException {
    var path = directory.resolve("f");
    var e =
        assertFails(TdbError.IO, Errno.ENOENT, () -> NativeFile.open(path, READ_WRITE, NEVER, 0));
    assertEquals(path + ": open: ENOENT (no such file or directory)", e.getMessage());
    NativeFile.open(path, READ_WRITE, IF_MISSING, OWNER_ONLY).close();
    assertEquals("rw-------", permissions(path));
    NativeFile.open(path, READ_WRITE, NEVER, 0).close();
    assertFails(
        TdbError.IO, Errno.EEXIST, () -> NativeFile.open(path, READ_WRITE, EXCLUSIVE, OWNER_ONLY));
  }

  private static String permissions(Path path) throws IOException {
    return java.nio.file.attribute.PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path));
  }

  @Test
  void refusesWhatIsNotARegularFile() throws Exception {
    var e = assertThrows(TdbException.class, () -> NativeFile.open(directory, READ_ONLY, NEVER, 0));
    assertTrue(e.getMessage().contains("found a directory"), e.getMessage());
    var pipe = directory.resolve("pipe");
    var mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(mkfifo.waitFor() == 0, "needs mkfifo");
    for (var access : NativeFile.Access.values()) {
      e = assertThrows(TdbException.class, () -> NativeFile.open(pipe, access, IF_MISSING, 0600));
      assertTrue(e.getMessage().contains("found a named pipe"), e.getMessage());
    }
  }

  @Test
  void namesMayHaveAnyCharacterTheJvmCanName() {
    var path = directory.resolve("a b'\"");
    NativeFile.open(path, READ_WRITE, EXCLUSIVE, OWNER_ONLY).close();
    assertTrue(Files.exists(path));
  }

  @Test
  void readsAndWritesArraysAndNativeMemory() throws IOException {
    long seed = 20261123;
    byte[] data = new byte[200_000];
    new Random(seed).nextBytes(data);
    try (var file = create();
        var arena = Arena.ofConfined()) {
      file.write(3, MemorySegment.ofArray(data));
      assertEquals(data.length + 3, file.size());
      var copy = arena.allocate(data.length);
      file.read(3, copy);
      assertArrayEquals(data, copy.toArray(JAVA_BYTE), "seed " + seed);
      file.write(0, copy);
      byte[] again = new byte[data.length];
      file.read(0, MemorySegment.ofArray(again));
      assertArrayEquals(data, again);
      assertEquals(data.length + 3, Files.size(file.path()));
    }
  }

  @Test
  void endOfFile() {
    try (var file = create()) {
      byte[] ten = new byte[10];
      assertEquals(0, file.readAvailable(0, MemorySegment.ofArray(ten)));
      file.write(0, MemorySegment.ofArray(new byte[] {1, 2, 3}));
      assertEquals(3, file.readAvailable(0, MemorySegment.ofArray(ten)));
      assertEquals(3, ten[2]);
      var e = assertThrows(TdbException.class, () -> file.read(1, MemorySegment.ofArray(ten)));
      assertEquals(TdbError.IO, e.error());
      assertTrue(e.getMessage().contains("ends at byte 3"), e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> file.read(-1, MemorySegment.ofArray(ten)));
    }
  }

  @Test
  void readOnlyFilesAreNotWritten() throws IOException {
    var path = Files.write(directory.resolve("f"), new byte[] {1});
    try (var file = NativeFile.open(path, READ_ONLY, NEVER, 0)) {
      assertFalse(file.isWritable());
      var byteThere = MemorySegment.ofArray(new byte[1]);
      var e = assertThrows(TdbException.class, () -> file.write(0, byteThere));
      assertTrue(e.getMessage().contains("pwrite at byte 0: EBADF"), e.getMessage());
    }
  }

  @Test
  void identityIsThatOfTheFileNotOfItsName() throws IOException {
    try (var file = create()) {
      var link = Files.createLink(directory.resolve("link"), file.path());
      try (var same = NativeFile.open(link, READ_ONLY, NEVER, 0);
          var other =
              NativeFile.open(directory.resolve("other"), READ_WRITE, EXCLUSIVE, OWNER_ONLY)) {
        assertEquals(file.inode(), same.inode());
        assertEquals(file.device(), same.device());
        assertEquals(file.inode(), Files.getAttribute(file.path(), "unix:ino"));
        assertNotEquals(file.inode(), other.inode());
      }
    }
  }

  @Test
  void allocatesSpaceOfZeros() {
    try (var file = create()) {
      file.write(0, MemorySegment.ofArray(new byte[] {1, 2, 3}));
      file.allocate(3, 10_000);
      assertEquals(10_000, file.size());
      byte[] data = new byte[10_000];
      file.read(0, MemorySegment.ofArray(data));
      assertEquals(3, data[2]);
      assertEquals(0, data[9_999]);
      file.allocate(10_000, 10_000);
      assertThrows(IllegalArgumentException.class, () -> file.allocate(10, 9));
      file.truncate(2);
      assertEquals(2, file.size());
    }
  }

  @Test
  void failedAllocationLeavesTheSize() {
    try (var file = create()) {
      file.allocate(0, 100);
      assertThrows(TdbException.class, () -> file.allocate(100, Long.MAX_VALUE));
      assertEquals(100, file.size());
    }
  }

  @Test
  void fullDiskIsReportedAndTheSizeKept() throws IOException {
    var memory = Path.of("/dev/shm");
    assumeTrue(
        Files.isWritable(memory) && Files.getFileStore(memory).type().equals("tmpfs"),
        "needs a tmpfs at /dev/shm");
    long total = Files.getFileStore(memory).getTotalSpace();
    var path = Files.createTempFile(memory, "ctdbj-test", ".tdb");
    try (var file = NativeFile.open(path, READ_WRITE, NEVER, 0)) {
      file.allocate(0, 100);
      assertFails(TdbError.IO, Errno.ENOSPC, () -> file.allocate(100, total + 1_000_000));
      assertEquals(100, file.size());
    } finally {
      Files.delete(path);
    }
  }

  @Test
  void touchSetsTheModificationTime() throws IOException {
    try (var file = create()) {
      Files.setLastModifiedTime(file.path(), FileTime.fromMillis(0));
      file.touch();
      file.dataSync();
      assertTrue(Files.getLastModifiedTime(file.path()).toMillis() > 0);
    }
  }

  @Test
  void locksBelongToTheOpenFile() {
    try (var one = create()) {
      var two = NativeFile.open(one.path(), READ_WRITE, NEVER, 0);
      assertTrue(one.lock(LockMode.WRITE, 10, 5, false));
      assertTrue(one.lock(LockMode.WRITE, 10, 5, false), "its own lock");
      assertFalse(two.lock(LockMode.READ, 14, 1, false));
      assertTrue(two.lock(LockMode.WRITE, 15, 0, false));
      assertFalse(one.lock(LockMode.READ, 1L << 32, 1, false));
      NativeFile.open(one.path(), READ_WRITE, NEVER, 0).close();
      assertFalse(two.lock(LockMode.READ, 14, 1, false), "closing a third one drops no lock");
      one.unlock(12, 1);
      assertTrue(two.lock(LockMode.READ, 12, 1, false), "in the middle of a range");
      assertFalse(two.lock(LockMode.READ, 13, 1, false));
      two.close();
      assertTrue(one.lock(LockMode.READ, 1L << 32, 1, false), "closing drops its own locks");
    }
  }

  @Test
  void closingGivesUpLocksThoughAMappingStays() {
    try (var one = create()) {
      one.allocate(0, 4096);
      var two = NativeFile.open(one.path(), READ_WRITE, NEVER, 0);
      try (var mapping = Mapping.map(two, 0, 4096)) {
        two.lock(LockMode.WRITE, 0, 1, false);
        two.close();
        assertTrue(one.lock(LockMode.WRITE, 0, 1, false));
        assertEquals(0, mapping.segment().get(JAVA_BYTE, 0));
      }
    }
  }

  @Test
  void readLocksAreShared() {
    try (var one = create();
        var two = NativeFile.open(one.path(), READ_WRITE, NEVER, 0)) {
      assertTrue(one.lock(LockMode.READ, 0, 1, true));
      assertTrue(two.lock(LockMode.READ, 0, 1, true));
      assertFalse(one.lock(LockMode.WRITE, 0, 1, false));
      two.unlock(0, 1);
      assertTrue(one.lock(LockMode.WRITE, 0, 1, true));
    }
  }

  @Test
  void askingForALockLocksNothing() {
    try (var one = create();
        var two = NativeFile.open(one.path(), READ_WRITE, NEVER, 0)) {
      assertTrue(one.couldLock(LockMode.WRITE, 0, 1));
      assertTrue(two.lock(LockMode.READ, 0, 1, false));
      assertFalse(one.couldLock(LockMode.WRITE, 0, 1));
      assertTrue(one.couldLock(LockMode.READ, 0, 1));
      assertTrue(one.couldLock(LockMode.WRITE, 1, 1));
      // What the kernel answered is not in the way of the next lock.
      assertFalse(one.couldLock(LockMode.WRITE, 0, 1));
      assertTrue(one.lock(LockMode.WRITE, 1, 1, true));
      assertFalse(two.couldLock(LockMode.READ, 1, 1));
    }
  }

  @Test
  void writeLockOfAReadOnlyFileIsRefused() throws IOException {
    var path = Files.write(directory.resolve("f"), new byte[] {1});
    try (var file = NativeFile.open(path, READ_ONLY, NEVER, 0)) {
      var e = assertThrows(TdbException.class, () -> file.lock(LockMode.WRITE, 8, 1, false));
      assertEquals(TdbError.LOCK, e.error());
      assertTrue(e.getMessage().contains("lock of 1 bytes at byte 8: EBADF"), e.getMessage());
    }
  }

  @Test
  void closedFilesAreNotUsed() {
    var file = create();
    assertTrue(file.isOpen());
    file.close();
    file.close();
    assertFalse(file.isOpen());
    assertThrows(IllegalStateException.class, file::size);
    assertThrows(IllegalStateException.class, () -> file.unlock(0, 1));
  }
}
