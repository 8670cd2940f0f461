// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.ctdbj.tdb.os.NativeFile.Access.READ_ONLY;
import static org.ctdbj.tdb.os.NativeFile.Access.READ_WRITE;
import static org.ctdbj.tdb.os.NativeFile.Creation.EXCLUSIVE;
import static org.ctdbj.tdb.os.NativeFile.Creation.NEVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappingTest {
  private static final int PAGE = NativeFile.pageSize();

  @TempDir Path directory;
  private NativeFile file;

  @BeforeEach
  void create() {
    file = NativeFile.open(directory.resolve("m"), READ_WRITE, EXCLUSIVE, 0600);
    file.allocate(0, 3L * PAGE);
  }

  @AfterEach
  void close() {
    file.close();
  }

  private byte inFile(long offset) {
    byte[] b = new byte[1];
    file.read(offset, MemorySegment.ofArray(b));
    return b[0];
  }

  @Test
  void sharesTheFileBothWays() {
    try (var mapping = Mapping.map(file, PAGE, 2L * PAGE)) {
      assertEquals(2L * PAGE, mapping.length());
      mapping.segment().set(JAVA_BYTE, 5, (byte) 42);
      assertEquals(42, inFile(PAGE + 5));
      file.write(PAGE + 6, MemorySegment.ofArray(new byte[] {43}));
      assertEquals(43, mapping.segment().get(JAVA_BYTE, 6));
      mapping.sync(5, 1);
      mapping.sync(PAGE - 1, PAGE + 1L);
      mapping.sync(2L * PAGE, 0);
      assertThrows(IndexOutOfBoundsException.class, () -> mapping.sync(2L * PAGE, 1));
      assertThrows(
          IndexOutOfBoundsException.class, () -> mapping.segment().get(JAVA_BYTE, 2L * PAGE));
    }
  }

  @Test
  void growsAndShrinks() {
    try (var mapping = Mapping.map(file, 0, 100)) {
      mapping.segment().set(JAVA_BYTE, 5, (byte) 42);
      var old = mapping.segment();
      file.allocate(3L * PAGE, 50L * PAGE);
      mapping.remap(50L * PAGE);
      assertThrows(IllegalStateException.class, () -> old.get(JAVA_BYTE, 5));
      assertEquals(42, mapping.segment().get(JAVA_BYTE, 5));
      mapping.segment().set(JAVA_BYTE, 50L * PAGE - 1, (byte) 44);
      assertEquals(44, inFile(50L * PAGE - 1));
      mapping.remap(10);
      assertEquals(10, mapping.segment().byteSize());
      assertThrows(IllegalArgumentException.class, () -> mapping.remap(0));
      assertEquals(42, mapping.segment().get(JAVA_BYTE, 5), "a failure keeps the mapping");
    }
  }

  @Test
  void reachesPastTwoGigabytes() {
    long size = 5L << 30;
    file.truncate(size);
    try (var mapping = Mapping.map(file, 0, size)) {
      mapping.segment().set(JAVA_BYTE, size - 1, (byte) 7);
      assertEquals(7, inFile(size - 1));
    }
  }

  @Test
  void refusesImpossibleRanges() {
    assertThrows(IllegalArgumentException.class, () -> Mapping.map(file, 1, 10));
    assertThrows(IllegalArgumentException.class, () -> Mapping.map(file, -PAGE, 10));
    assertThrows(IllegalArgumentException.class, () -> Mapping.map(file, 0, 0));
    var e = assertThrows(TdbException.class, () -> Mapping.map(file, 0, Long.MAX_VALUE / 2));
    assertEquals(TdbError.IO, e.error());
    assertTrue(e.getMessage().contains("mmap of"), e.getMessage());
  }

  @Test
  void readOnlyFilesAreMappedReadOnly() {
    try (var reader = NativeFile.open(file.path(), READ_ONLY, NEVER, 0);
        var mapping = Mapping.map(reader, 0, PAGE)) {
      assertThrows(
          IllegalArgumentException.class, () -> mapping.segment().set(JAVA_BYTE, 0, (byte) 1));
    }
  }

  @Test
  void outlivesItsFileAndNotItsClose() {
    var mapping = Mapping.map(file, 0, PAGE);
    file.close();
    var segment = mapping.segment();
    segment.set(JAVA_BYTE, 0, (byte) 1);
    mapping.sync(0, PAGE);
    mapping.close();
    mapping.close();
    assertThrows(IllegalStateException.class, mapping::segment);
    assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
  }

  /** Another process cut the file: an exception for the caller, not the end of the JVM. */
  @Test
  void truncatedFileUnderAMapping() {
    try (var mapping = Mapping.map(file, 0, 3L * PAGE)) {
      file.truncate(0);
      assertThrows(InternalError.class, () -> mapping.segment().get(JAVA_BYTE, 2L * PAGE));
    }
  }
}
