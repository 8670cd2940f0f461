// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/**
 * Notices a list that runs in a circle: no list has more records than fit into the file. Reused
 * from walk to walk.
 */
final class LoopGuard {
  private static final int SMALLEST_RECORD = TdbLayout.RECORD_HEADER + TdbLayout.TAILER;

  private final TdbIo io;
  private long steps;
  private long limit;

  LoopGuard(TdbIo io) {
    this.io = io;
    this.limit = io.size() / SMALLEST_RECORD;
  }

  void visit(long offset) {
    if (++steps > limit) {
      exceeded(io, steps, offset);
      limit = io.size() / SMALLEST_RECORD;
    }
  }

  /**
   * For walks that count their steps themselves: the first step number at which {@link #exceeded}
   * must be asked.
   */
  static long limit(TdbIo io) {
    return io.size() / SMALLEST_RECORD;
  }

  /** Throws if the file, at the size it has now, is too small for {@code steps} records. */
  static void exceeded(TdbIo io, long steps, long offset) {
    io.refresh();
    if (steps > io.size() / SMALLEST_RECORD) {
      throw TdbException.at(
          TdbError.CORRUPT,
          io.path(),
          offset,
          "a list that ends",
          "a list that comes back to this record");
    }
  }
}
