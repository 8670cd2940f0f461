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
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.ctdbj.tdb.os.Errno;
import org.ctdbj.tdb.os.ErrnoException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file system without space, or without the right to write, costs a call and never a record. */
@Tag("interop")
class FullDiskTest {
  private static final int MUTEX_FILE = 0x1C41;
  private static final int EROFS = 30;

  @TempDir Path dir;

  private MountedDisk mounted;
  private Path disk;
  private Path file;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @BeforeEach
  void mount() throws Exception {
    disk = dir.resolve("disk");
    file = disk.resolve("full.tdb");
    mounted = MountedDisk.mount(disk, "tmpfs", "-o", "size=3m");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted != null) {
      mounted.close();
    }
  }

  private Path fill() throws IOException {
    Path filler = disk.resolve("filler");
    var page = java.nio.ByteBuffer.allocate(4096);
    try (var channel =
        Files.newByteChannel(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        channel.write(page.clear());
      }
    } catch (IOException e) {
      assertEquals(0, disk.toFile().getUsableSpace());
      return filler;
    }
  }

  private void assertFails(int errno, Executable call) {
    var e = assertThrows(TdbException.class, call);
    assertEquals(TdbError.IO, e.error(), e.getMessage());
    assertEquals(OptionalInt.of(errno), ErrnoException.errnoOf(e), e.getMessage());
    assertEquals(file, e.file());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
  }

  /** Both we and libtdb find exactly these records. */
  private void assertHolds(Map<String, byte[]> records, int flags, Tdb tdb) throws IOException {
    assertEquals(List.of(), tdb.check().findings());
    assertEquals(records.size(), tdb.traverseRead((k, v) -> true));
    try (var lib = LibTdb.start()) {
      lib.open("t", file, 0, flags);
      assertEquals(String.valueOf(records.size()), lib.call("count t"));
      for (var record : records.entrySet()) {
        byte[] key = bytes(record.getKey());
        assertArrayEquals(record.getValue(), tdb.fetch(key), record.getKey());
        assertEquals(
            "v" + LibTdb.hex(record.getValue()),
            lib.call("get t " + LibTdb.hex(key)),
            record.getKey());
      }
    }
  }

  private static byte[] value(int i, int length) {
    var value = new byte[length];
    java.util.Arrays.fill(value, (byte) i);
    return value;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MUTEX_FILE})
  void createsNothingOnAFullDisk(int flags) throws IOException {
    Path filler = fill();
    var options = TdbOptions.ofBits(flags).withHashSize(1001).withCreate(true);
    assertFails(Errno.ENOSPC, () -> Tdb.open(file, options).close());
    assertFails(Errno.ENOSPC, () -> Tdb.open(file, options).close());
    Files.delete(filler);
    try (var tdb = Tdb.open(file, options)) {
      tdb.store(bytes("k"), bytes("v"));
      assertHolds(Map.of("k", bytes("v")), flags, tdb);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MUTEX_FILE, 256})
  void expansionOnAFullDiskLosesNoRecord(int flags) throws IOException {
    var records = new LinkedHashMap<String, byte[]>();
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(flags).withHashSize(7).withCreate(true))) {
      for (int i = 0; i < 100; i++) {
        records.put("k" + i, value(i, 100 + i));
        tdb.store(bytes("k" + i), records.get("k" + i));
      }
      Path filler = fill();
      assertFails(
          Errno.ENOSPC,
          () -> {
            for (int i = 0; ; i++) {
              var value = value(i, 5000);
              tdb.store(bytes("more" + i), value);
              records.put("more" + i, value);
            }
          });
      assertHolds(records, flags, tdb);
      // libtdb deletes the old record before it learns that there is no room for the new one.
      for (String key : List.of("k0", "k50", "k99")) {
        assertFails(Errno.ENOSPC, () -> tdb.store(bytes(key), value(7, 200_000)));
        assertFails(Errno.ENOSPC, () -> tdb.append(bytes(key), value(7, 200_000)));
      }
      assertHolds(records, flags, tdb);
      assertTrue(tdb.delete(bytes("k1")), "deleting needs no space");
      records.remove("k1");
      Files.delete(filler);
      records.put("k0", value(7, 200_000));
      tdb.store(bytes("k0"), records.get("k0"));
      assertHolds(records, flags, tdb);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void commitOnAFullDiskChangesNothing(boolean areaExists) throws IOException {
    var records = new LinkedHashMap<String, byte[]>();
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withHashSize(7).withCreate(true))) {
      for (int i = 0; i < 20; i++) {
        records.put("k" + i, value(i, 100));
        tdb.store(bytes("k" + i), records.get("k" + i));
      }
      if (areaExists) {
        tdb.transactionStart();
        tdb.store(bytes("k0"), records.get("k1"));
        records.put("k0", records.get("k1"));
        tdb.transactionCommit();
      }
      Path filler = fill();
      for (boolean prepare : new boolean[] {true, false}) {
        tdb.transactionStart();
        tdb.store(bytes("k3"), value(3, 1_000_000));
        assertTrue(tdb.delete(bytes("k4")));
        assertFails(Errno.ENOSPC, prepare ? tdb::transactionPrepareCommit : tdb::transactionCommit);
        assertFalse(tdb.inTransaction());
        assertHolds(records, 0, tdb);
      }
      Files.delete(filler);
      tdb.transactionStart();
      tdb.store(bytes("k3"), value(3, 100_000));
      tdb.transactionCommit();
      records.put("k3", value(3, 100_000));
      assertHolds(records, 0, tdb);
    }
  }

  /** What a recovery does with a volatile database: as much as before, in the same file. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fileThatItsNextOpenerEmptiesIsReplacedWithoutRoom(boolean areaExists) throws IOException {
    var records = new LinkedHashMap<String, byte[]>();
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(MUTEX_FILE).withHashSize(7).withCreate(true))) {
      for (int i = 0; i < 500; i++) {
        records.put("k" + i, value(i, 100));
        tdb.store(bytes("k" + i), records.get("k" + i));
      }
      if (areaExists) {
        tdb.transactionStart();
        tdb.store(bytes("k0"), value(9, 100));
        tdb.transactionCommit();
      }
      Path filler = fill();
      for (int round = 0; round < 3; round++) {
        tdb.lockAll();
        tdb.transactionStart();
        tdb.wipe();
        for (Map.Entry<String, byte[]> entry : records.entrySet()) {
          entry.setValue(value(round, 100));
          tdb.store(bytes(entry.getKey()), entry.getValue());
        }
        tdb.transactionCommit();
        tdb.unlockAll();
        assertHolds(records, MUTEX_FILE, tdb);
      }
      tdb.lockAll();
      tdb.transactionStart();
      tdb.store(bytes("too large"), value(1, 1_000_000));
      assertFails(Errno.ENOSPC, tdb::transactionCommit);
      tdb.unlockAll();
      assertHolds(records, MUTEX_FILE, tdb);
      Files.delete(filler);
      tdb.store(bytes("too large"), value(1, 1_000_000));
      records.put("too large", value(1, 1_000_000));
      assertHolds(records, MUTEX_FILE, tdb);
    }
  }

  @Test
  void readOnlyFileSystemCanOnlyBeRead() throws Exception {
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withHashSize(7).withCreate(true))) {
      tdb.store(bytes("k"), bytes("v"));
    }
    byte[] before = Files.readAllBytes(file);
    assertTrue(MountedDisk.succeeds("mount", "-o", "remount,ro", disk.toString()));
    assertFails(EROFS, () -> Tdb.open(file, TdbOptions.defaults()).close());
    Path absent = disk.resolve("absent.tdb");
    var e =
        assertThrows(
            TdbException.class,
            () -> Tdb.open(absent, TdbOptions.defaults().withCreate(true)).close());
    assertEquals(OptionalInt.of(EROFS), ErrnoException.errnoOf(e));
    assertTrue(e.getMessage().contains(absent.toString()), e.getMessage());
    try (var lib = LibTdb.start();
        var tdb = Tdb.open(file, TdbOptions.defaults().withReadOnly(true))) {
      assertArrayEquals(bytes("v"), tdb.fetch(bytes("k")));
      assertEquals(List.of(), tdb.check().findings());
      // The kinds of error are those of libtdb.
      Map<Executable, TdbError> writes =
          Map.of(
              () -> tdb.store(bytes("k"), bytes("w")),
              TdbError.RDONLY,
              () -> tdb.append(bytes("k"), bytes("w")),
              TdbError.RDONLY,
              () -> tdb.delete(bytes("k")),
              TdbError.RDONLY,
              tdb::wipe,
              TdbError.LOCK,
              tdb::lockAll,
              TdbError.LOCK,
              tdb::transactionStart,
              TdbError.EINVAL,
              tdb::repack,
              TdbError.EINVAL);
      for (var write : writes.entrySet()) {
        var refused = assertThrows(TdbException.class, write.getKey());
        assertEquals(write.getValue(), refused.error());
        assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
      }
      lib.ok("open t " + file + " 0 0 0");
      assertEquals("v" + LibTdb.hex(bytes("v")), lib.call("get t " + LibTdb.hex(bytes("k"))));
    }
    assertArrayEquals(before, Files.readAllBytes(file));
  }
}
