// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import org.ctdbj.protocol.ProtocolException;
import org.junit.jupiter.api.Assertions;

/** How much memory a decoder takes. */
public final class Measured {
  /** An exception with its message and stack trace. */
  public static final long CONSTANT = 16_384;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Measured() {}

  /**
   * Checks that a decoder allocates at most so many bytes. It may be run several times: the JVM
   * itself allocates when code runs for the first time.
   */
  public static void assertBounded(String context, long limit, Supplier<?> decoder) {
    long allocated = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 4 && allocated > limit; attempt++) {
      allocated = Math.min(allocated, allocation(decoder));
    }
    long least = allocated;
    Assertions.assertTrue(
        least <= limit, () -> context + ": " + least + " bytes allocated, limit " + limit);
  }

  private static long allocation(Supplier<?> decoder) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      Assertions.assertNotNull(decoder.get());
    } catch (ProtocolException refused) {
      Assertions.assertNotNull(refused.getMessage());
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
