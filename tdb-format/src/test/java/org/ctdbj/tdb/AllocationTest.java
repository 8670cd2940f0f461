// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The calls that a record engine makes for every packet leave no garbage. */
class AllocationTest {
  private static final int CALLS = 10_000;
  private static final int VALUE = 200;

  /** An array of bytes: header of 16 bytes, rounded up. */
  private static final int RESULT = 16 + VALUE;

  /** A memory segment that is handed to a caller's function. */
  private static final int VIEW = 64;

  /** Per {@link #CALLS} calls: what the JVM does by itself, such as compiling. */
  private static final int SLACK = 16 * 1024;

  /** For one kind of call to be compiled. */
  private static final long LIMIT_NANOS = 60_000_000_000L;

  @TempDir Path dir;

  private ThreadMXBean threads;
  private long sum;

  @BeforeEach
  void findMeter() {
    assumeTrue(
        ManagementFactory.getThreadMXBean() instanceof ThreadMXBean bean
            && bean.isThreadAllocatedMemorySupported(),
        "needs a JVM that counts what a thread allocates");
    threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  }

  /**
   * Waits for a round that allocates no more: the first ones are not compiled yet, and the compiler
   * has to share a busy machine.
   */
  private void assertAllocates(String what, long bytesPerCall, Runnable call) {
    long limit = bytesPerCall * CALLS + SLACK;
    long best = Long.MAX_VALUE;
    long end = System.nanoTime() + LIMIT_NANOS;
    while (best > limit && System.nanoTime() < end) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      best = Math.min(best, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertTrue(best <= limit, what + ": " + best + " bytes in " + CALLS + " calls, not " + limit);
  }

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0x400, 0x1C41, 16})
  void hotCallsAllocateTheirResultOnly(int flags) {
    byte[] key = {1, 2, 3};
    byte[] absent = {4};
    Function<MemorySegment, Object> first =
        value -> {
          sum += value.byteSize();
          return null;
        };
    var options = TdbOptions.ofBits(flags).withHashSize(7).withCreate(true);
    try (var tdb = Tdb.open(dir.resolve("hot.tdb"), options)) {
      tdb.store(key, new byte[VALUE]);
      assertAllocates(
          "lock and unlock",
          0,
          () -> {
            tdb.lockChain(key);
            tdb.unlockChain(key);
          });
      assertAllocates(
          "try to lock",
          0,
          () -> {
            sum += tdb.tryLockChain(key) ? 1 : 0;
            tdb.unlockChain(key);
          });
      assertAllocates(
          "lock and unlock for reading",
          0,
          () -> {
            tdb.lockChainRead(key);
            tdb.unlockChainRead(key);
          });
      assertAllocates("fetch", RESULT, () -> sum += tdb.fetch(key).length);
      assertAllocates("fetch of nothing", 0, () -> sum += tdb.fetch(absent) == null ? 1 : 0);
      assertAllocates("parse", VIEW, () -> tdb.parse(key, first));
      assertAllocates("exists", 0, () -> sum += tdb.exists(key) ? 1 : 0);
      assertAllocates("delete of nothing", 0, () -> sum += tdb.delete(absent) ? 1 : 0);
      assertAllocates(
          "lock and unlock all",
          0,
          () -> {
            tdb.lockAll();
            tdb.unlockAll();
          });
      assertTrue(sum > 0);
    }
  }
}
