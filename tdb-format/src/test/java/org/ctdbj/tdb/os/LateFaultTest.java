// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The loss of a page is noticed before a call ends, interpreted or compiled. */
class LateFaultTest {
  private static final int LOST = Integer.MIN_VALUE;
  private static final int CALLS = 300_000;

  @TempDir Path dir;

  private static int read(MemorySegment memory, long at) {
    try {
      int value = memory.get(ValueLayout.JAVA_INT, at);
      LateFault.deliver();
      return value;
    } catch (InternalError e) {
      return LOST;
    }
  }

  /** Writes, so that nothing after the access depends on it. */
  private static int write(MemorySegment memory, long at) {
    try {
      memory.set(ValueLayout.JAVA_INT, at, 0);
      LateFault.deliver();
      return 0;
    } catch (InternalError e) {
      return LOST;
    }
  }

  private static long readAll(MemorySegment memory, int calls) {
    long lost = 0;
    for (int i = 0; i < calls; i++) {
      lost += read(memory, 4L * (i & 1023)) == LOST ? 1 : 0;
      lost += write(memory, 4L * (i & 1023)) == LOST ? 1 : 0;
    }
    return lost;
  }

  @Test
  void everyAccessIsReportedBeforeTheCallEnds() {
    try (var file =
        NativeFile.open(
            dir.resolve("file"),
            NativeFile.Access.READ_WRITE,
            NativeFile.Creation.IF_MISSING,
            384)) {
      file.allocate(0, 4096);
      try (var mapping = Mapping.map(file, 0, 4096)) {
        var memory = mapping.segment();
        assertEquals(0, readAll(memory, CALLS));
        for (int calls : new int[] {1, 2, 300}) {
          file.truncate(0);
          assertEquals(2L * calls, readAll(memory, calls), calls + " rounds");
          file.allocate(0, 4096);
          assertEquals(0, readAll(memory, CALLS));
        }
      }
    }
  }
}
