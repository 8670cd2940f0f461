// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctdbj.tdb.lock.MutexArea;
import org.ctdbj.tdb.os.NativeFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of 32-bit offsets, and files made by another kind of machine. */
class LimitsTest {
  private static final int HASH_SIZE = 7;
  private static final long FREE_SPACE = 1L << 20;

  @TempDir Path dir;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path file() {
    return dir.resolve("large.tdb");
  }

  /**
   * A file of {@code size} bytes that is one hole: a live record of most of the space, which no
   * chain leads to, then a free record at the end.
   */
  private void makeSparse(long size) throws IOException {
    var options = TdbOptions.ofBits(128).withHashSize(HASH_SIZE).withCreate(true);
    Tdb.open(file(), options).close();
    long start = TdbLayout.dataStart(HASH_SIZE);
    long free = size - FREE_SPACE;
    try (var raw = new RandomAccessFile(file().toFile(), "rw")) {
      raw.setLength(size);
      byte[] key = bytes("filler");
      long dataLen = free - start - TdbLayout.RECORD_HEADER - TdbLayout.TAILER - key.length;
      write(raw, start, 0, free - start - 24, key.length, dataLen - 2, hash(key), 0x26011999L);
      raw.write(key);
      write(raw, free - 4, free - start);
      write(raw, free, 0, FREE_SPACE - 24, 0, 0, 0, 0xD9FEE666L);
      write(raw, size - 4, FREE_SPACE);
      write(raw, TdbLayout.FREELIST_TOP, free);
      write(raw, TdbLayout.chainHead(Integer.remainderUnsigned(hash(key), HASH_SIZE)), start);
    }
  }

  private static int hash(byte[] key) {
    return TdbHash.old(key, 0, key.length);
  }

  private static void write(RandomAccessFile raw, long offset, long... words) throws IOException {
    var buffer = ByteBuffer.allocate(4 * words.length).order(ByteOrder.nativeOrder());
    for (long word : words) {
      buffer.putInt((int) word);
    }
    raw.seek(offset);
    raw.write(buffer.array());
  }

  private void assumeSparseFiles() throws IOException {
    try (var raw = new RandomAccessFile(file().toFile(), "rw")) {
      raw.setLength(1L << 32);
    } catch (IOException e) {
      abort("needs a file system with sparse files of 4 GiB: " + e);
    }
    Files.delete(file());
  }

  @Test
  void offsetsBeyondTwoGibibytesAreUnsigned() throws IOException {
    assumeSparseFiles();
    makeSparse((1L << 32) - 4096);
    try (var tdb = Tdb.open(file(), TdbOptions.ofBits(128))) {
      assertEquals(List.of(), tdb.check().findings());
      byte[] value = new byte[1000];
      value[999] = 7;
      tdb.store(bytes("k"), value);
      assertArrayEquals(value, tdb.fetch(bytes("k")));
      assertTrue(tdb.delete(bytes("k")));
      tdb.store(bytes("l"), value);
      assertTrue(tdb.statistics().data().largest() > 4_290_000_000L);
      var tooLarge = assertThrows(TdbException.class, () -> tdb.fetch(bytes("filler")));
      assertEquals(TdbError.OOM, tooLarge.error());
      long seen = tdb.parse(bytes("filler"), MemorySegment::byteSize);
      assertTrue(seen > 4_200_000_000L, "seen without copying: " + seen);
      assertEquals(List.of(), tdb.check().findings());
    }
  }

  @Test
  @Tag("interop")
  void aFullFileIsFullAndWhole() throws IOException {
    assumeSparseFiles();
    makeSparse((1L << 32) - 4096);
    try (var lib = LibTdb.startApi();
        var tdb = Tdb.open(file(), TdbOptions.ofBits(128))) {
      tdb.store(bytes("old"), bytes("value"));
      var full =
          assertThrows(TdbException.class, () -> tdb.store(bytes("k"), new byte[(int) FREE_SPACE]));
      assertEquals(TdbError.OOM, full.error());
      full =
          assertThrows(
              TdbException.class, () -> tdb.store(bytes("old"), new byte[(int) FREE_SPACE]));
      assertEquals(TdbError.OOM, full.error());
      assertArrayEquals(bytes("value"), tdb.fetch(bytes("old")), "the old value is kept");
      // What fits into the last whole page still fits.
      tdb.store(bytes("k"), new byte[700_000]);
      assertEquals(List.of(), tdb.check().findings());
      assertTrue(Files.size(file()) <= TdbLayout.MAX_SIZE);
      lib.ok("open t " + file() + " 0 128 2");
      assertEquals("error 4", lib.call("store t 7a " + "00".repeat(600_000) + " 0"));
      lib.ok("check t");
      assertArrayEquals(
          LibTdb.bytes(lib.call("fetch t " + LibTdb.hex(bytes("k")))), new byte[700_000]);
    }
  }

  @Test
  void aFileBeyondTheLimitIsRefused() throws IOException {
    assumeSparseFiles();
    Tdb.open(file(), TdbOptions.defaults().withCreate(true)).close();
    try (var raw = new RandomAccessFile(file().toFile(), "rw")) {
      raw.setLength(1L << 32);
    }
    var e = assertThrows(TdbException.class, () -> Tdb.open(file(), TdbOptions.defaults()).close());
    assertEquals(TdbError.IO, e.error());
    assertTrue(e.found().contains("4294967296"), e.getMessage());
  }

  /** The sizes that machines with glibc give to mutex areas, and ones that none does. */
  @ParameterizedTest
  @ValueSource(ints = {4096 * 3, 4096, 16384, 65536, 12345, 0, -4096})
  void foreignMutexesAreRefusedAndNamed(int size) throws IOException {
    assumeTrue(MutexArea.isSupported(), "needs mutexes");
    int flags = 0x1C41;
    var options = TdbOptions.ofBits(flags).withHashSize(120).withCreate(true);
    Tdb.open(file(), options).close();
    long own = MutexArea.size(120);
    assumeTrue(own != size, "this is the size on this machine");
    try (var raw = new RandomAccessFile(file().toFile(), "rw")) {
      write(raw, TdbLayout.OFF_MUTEX_SIZE, size);
    }
    byte[] before = Files.readAllBytes(file());
    var withoutClearing = TdbOptions.ofBits(flags & ~1);
    var e = assertThrows(TdbException.class, () -> Tdb.open(file(), withoutClearing).close());
    assertEquals(TdbError.EINVAL, e.error());
    assertEquals(TdbLayout.OFF_MUTEX_SIZE, e.offset());
    assertTrue(e.expected().startsWith(own + " bytes of mutexes"), e.getMessage());
    if (size == 16384 || size == 65536) {
      assertTrue(e.found().contains("aarch64 with pages of " + size), e.getMessage());
    }
    assertArrayEquals(before, Files.readAllBytes(file()));
  }

  @Test
  void aFileOfAnAarch64MachineIsNamedAsSuch() throws IOException {
    assertEquals(4096, NativeFile.pageSize(), "the sizes below are for pages of 4 KiB");
    // 272 + 48 * 100 and 256 + 40 * 100 bytes, in whole pages.
    assertTrue(MutexArea.origin(100, 8192).contains("aarch64"));
    assertTrue(MutexArea.origin(100001, 4800512).contains("on aarch64"));
    assertTrue(MutexArea.origin(100001, 4001792).contains("on x86_64"));
    assertFalse(MutexArea.origin(100001, 4001793).contains("on"));
    assertNotNull(MutexArea.origin(1, 0));
  }
}
