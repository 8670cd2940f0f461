// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

/** Where the parts of a node count. Node thread only. */
public interface NodeStatistics {
  /** Latencies that are kept as count, minimum, maximum and total. */
  enum LatencyKind {
    RECLOCK_CTDBD,
    RECLOCK_RECD,
    LOCKS,
    CALL,
    CHILDWRITE
  }

  /** Adds a (possibly negative) number to a counter. */
  void add(Counter counter, int amount);

  /** Adds 1 to a counter. */
  default void increment(Counter counter) {
    add(counter, 1);
  }

  /** Records one duration; for {@link LatencyKind#LOCKS} also in the lock buckets. */
  void latency(LatencyKind kind, double seconds);

  /** Counts a call that arrived from another node after so many hops. */
  void hops(int hopCount);
}
