// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayDeque;
import java.util.Deque;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.body.TimeVal;

/** The numbers behind STATISTICS and GET_STAT_HISTORY. Node thread only. */
final class NodeCounters implements NodeStatistics {
  /** Bytes of the body of STATISTICS. */
  static final int SIZE = 488;

  private static final int HISTORY = 100;
  private static final int BUCKETS = 16;
  private static final int LOCK_BUCKETS_OFFSET = 216;
  private static final int HOP_BUCKETS_OFFSET = 308;

  /** Upper bounds of the lock buckets; what takes longer goes into the one behind the last. */
  private static final double[] LOCK_BOUNDS_SECONDS = {0.001, 0.01, 0.1, 1, 2, 4, 8, 16, 32, 64};

  /** The body as words; the places of latencies and times stay 0. */
  private final int[] words = new int[SIZE / 4];

  private final Latency reclockDaemon = new Latency();
  private final Latency reclockRecovery = new Latency();
  private final Latency locks = new Latency();
  private final Latency calls = new Latency();
  private final Latency childWrites = new Latency();
  private final Deque<Bytes> history = new ArrayDeque<>();
  private TimeVal since;

  NodeCounters(long nowMicros) {
    since = TimeVal.ofMicros(nowMicros);
  }

  private static final class Latency {
    int count;
    double min;
    double max;
    double total;

    void add(double seconds) {
      min = count == 0 ? seconds : Math.min(min, seconds);
      max = Math.max(max, seconds);
      total += seconds;
      count++;
    }

    void clear() {
      count = 0;
      min = 0;
      max = 0;
      total = 0;
    }

    void write(ByteWriter writer) {
      writer.putInt(count).putInt(0).putDouble(min).putDouble(max).putDouble(total);
    }
  }

  @Override
  public void add(Counter counter, int amount) {
    words[counter.offset() / 4] += amount;
  }

  int value(Counter counter) {
    return words[counter.offset() / 4];
  }

  @Override
  public void latency(LatencyKind kind, double seconds) {
    switch (kind) {
      case RECLOCK_CTDBD -> reclockDaemon.add(seconds);
      case RECLOCK_RECD -> reclockRecovery.add(seconds);
      case CALL -> calls.add(seconds);
      case CHILDWRITE -> childWrites.add(seconds);
      case LOCKS -> {
        locks.add(seconds);
        int bucket = 0;
        while (bucket < LOCK_BOUNDS_SECONDS.length && seconds >= LOCK_BOUNDS_SECONDS[bucket]) {
          bucket++;
        }
        words[LOCK_BUCKETS_OFFSET / 4 + bucket]++;
      }
    }
  }

  @Override
  public void hops(int hopCount) {
    int max = Counter.MAX_HOP_COUNT.offset() / 4;
    words[max] = Math.max(words[max], hopCount);
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(hopCount);
    words[HOP_BUCKETS_OFFSET / 4 + Math.min(bits, BUCKETS - 1)]++;
  }

  void reset(long nowMicros) {
    int current = value(Counter.LOCK_CURRENT);
    int pendingCalls = value(Counter.PENDING_CALLS);
    int pendingWrites = value(Counter.PENDING_CHILDWRITE_CALLS);
    java.util.Arrays.fill(words, 0);
    // What is going on now goes on: these count down again.
    add(Counter.LOCK_CURRENT, current);
    add(Counter.PENDING_CALLS, pendingCalls);
    add(Counter.PENDING_CHILDWRITE_CALLS, pendingWrites);
    for (Latency latency :
        new Latency[] {reclockDaemon, reclockRecovery, locks, calls, childWrites}) {
      latency.clear();
    }
    since = TimeVal.ofMicros(nowMicros);
  }

  /** The body of STATISTICS. */
  Bytes encode(int clients, boolean frozen, boolean recovering, int memoryUsed, long nowMicros) {
    TimeVal now = TimeVal.ofMicros(nowMicros);
    var writer = new ByteWriter(SIZE);
    writer.putInt(clients).putInt(frozen ? 1 : 0).putInt(recovering ? 1 : 0);
    words(writer, 12, 104);
    reclockDaemon.write(writer);
    reclockRecovery.write(writer);
    words(writer, 168, 184);
    locks.write(writer);
    words(writer, 216, 296);
    writer.putInt(memoryUsed);
    words(writer, 300, 376);
    calls.write(writer);
    childWrites.write(writer);
    words(writer, 440, 448);
    writer.putLong(since.seconds()).putLong(since.micros());
    writer.putLong(now.seconds()).putLong(now.micros());
    words(writer, 480, SIZE);
    return writer.toBytes();
  }

  private void words(ByteWriter writer, int from, int to) {
    for (int offset = from; offset < to; offset += 4) {
      writer.putInt(words[offset / 4]);
    }
  }

  /** Keeps a body for the history, and forgets the oldest of a hundred. */
  void remember(Bytes body) {
    history.addFirst(body);
    if (history.size() > HISTORY) {
      history.removeLast();
    }
  }

  /** The body of GET_STAT_HISTORY: always a hundred entries, the newest first, unused ones zero. */
  Bytes encodeHistory() {
    var writer = new ByteWriter(8 + HISTORY * SIZE).putInt(HISTORY).putInt(0);
    history.forEach(writer::put);
    return writer.putZeros((HISTORY - history.size()) * SIZE).toBytes();
  }
}
