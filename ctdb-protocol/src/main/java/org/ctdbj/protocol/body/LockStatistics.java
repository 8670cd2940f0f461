// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.Collections;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;

/**
 * Locks that had to be waited for.
 *
 * @param calls how many
 * @param current waiting now, with a thread of their own
 * @param pending waiting now for such a thread
 * @param failed that could not be had
 * @param latency of the successful ones
 * @param buckets 16 counts by duration: below 1 ms, 10 ms, 100 ms, 1, 2, 4, 8, 16, 32, 64 s,
 *     longer; the rest unused
 */
public record LockStatistics(
    int calls, int current, int pending, int failed, Latency latency, List<Integer> buckets) {
  /** Keeps its own copy of the list. */
  public LockStatistics {
    buckets = List.copyOf(buckets);
  }

  /** Nothing has happened yet. */
  public static LockStatistics empty() {
    return new LockStatistics(0, 0, 0, 0, Latency.NONE, Collections.nCopies(Buckets.COUNT, 0));
  }

  static LockStatistics read(ByteReader reader) {
    return new LockStatistics(
        reader.getInt("num_calls"),
        reader.getInt("num_current"),
        reader.getInt("num_pending"),
        reader.getInt("num_failed"),
        Latency.read(reader),
        Buckets.read(reader, "buckets"));
  }

  void write(ByteWriter writer) {
    writer.putInt(calls).putInt(current).putInt(pending).putInt(failed);
    latency.write(writer);
    Buckets.write(writer, buckets);
  }
}
