// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayDeque;
import java.util.Deque;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * The numbers behind STATISTICS, which run on, and behind GET_STAT_HISTORY, where each entry has
 * only what its interval brought, as with ctdbd. Node thread only.
 */
final class NodeCounters implements NodeStatistics {
  private static final int HISTORY = 100;

  private final StatisticsTable total;
  private final StatisticsTable interval;
  private final Deque<Bytes> history = new ArrayDeque<>();

  NodeCounters(long nowMicros) {
    total = new StatisticsTable(nowMicros);
    interval = new StatisticsTable(nowMicros);
  }

  @Override
  public void add(Counter counter, int amount) {
    total.add(counter, amount);
    interval.add(counter, amount);
  }

  @Override
  public void latency(LatencyKind kind, double seconds) {
    total.latency(kind, seconds);
    interval.latency(kind, seconds);
  }

  @Override
  public void hops(int hopCount) {
    total.hops(hopCount);
    interval.hops(hopCount);
  }

  /** Starts the running numbers anew; the history is what it was. */
  void reset(long nowMicros) {
    int locks = total.value(Counter.LOCK_CURRENT);
    int pendingLocks = total.value(Counter.LOCK_PENDING);
    int pendingCalls = total.value(Counter.PENDING_CALLS);
    int pendingWrites = total.value(Counter.PENDING_CHILDWRITE_CALLS);
    total.clear(nowMicros);
    // What is going on now goes on: these count down again.
    total.add(Counter.LOCK_CURRENT, locks);
    total.add(Counter.LOCK_PENDING, pendingLocks);
    total.add(Counter.PENDING_CALLS, pendingCalls);
    total.add(Counter.PENDING_CHILDWRITE_CALLS, pendingWrites);
  }

  /** The body of STATISTICS. */
  Bytes encode(int clients, boolean frozen, boolean recovering, int memoryUsed, long nowMicros) {
    return total.encode(clients, frozen, recovering, memoryUsed, nowMicros);
  }

  /** An interval is over: keeps what it brought, and forgets the oldest of a hundred. */
  void endInterval(long nowMicros) {
    // The state of the node is not in the history: ctdbd fills it in when it is asked.
    history.addFirst(interval.encode(0, false, false, 0, nowMicros));
    interval.clear(nowMicros);
    if (history.size() > HISTORY) {
      history.removeLast();
    }
  }

  /** The body of GET_STAT_HISTORY: always a hundred entries, the newest first, unused ones zero. */
  Bytes encodeHistory() {
    int size = StatisticsTable.SIZE;
    var writer = new ByteWriter(8 + HISTORY * size).putInt(HISTORY).putInt(0);
    history.forEach(writer::put);
    return writer.putZeros((HISTORY - history.size()) * size).toBytes();
  }
}
