// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.Collections;
import java.util.List;

/**
 * Requests for records, of clients and of other nodes.
 *
 * @param total how many so far
 * @param pending not answered yet
 * @param childwrites unused since long, 0
 * @param pendingChildwrites unused since long, 0
 * @param maxHopCount the highest hop count of a request from another node
 * @param hopCounts 16 counts by the bit length of the hop count, the last one for everything longer
 * @param latency from a client's request to its answer
 * @param childwriteLatency unused since long, all 0
 */
public record CallStatistics(
    int total,
    int pending,
    int childwrites,
    int pendingChildwrites,
    int maxHopCount,
    List<Integer> hopCounts,
    Latency latency,
    Latency childwriteLatency) {
  /** Keeps its own copy of the list. */
  public CallStatistics {
    hopCounts = List.copyOf(hopCounts);
  }

  /** Nothing has happened yet. */
  public static CallStatistics empty() {
    return new CallStatistics(
        0, 0, 0, 0, 0, Collections.nCopies(Buckets.COUNT, 0), Latency.NONE, Latency.NONE);
  }
}
