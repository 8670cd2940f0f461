// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.Arrays;
import org.ctdbj.daemon.node.NodeStatistics.LatencyKind;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.body.TimeVal;

/**
 * One set of the numbers that a STATISTICS body has, counted from a moment on. The layout is that
 * of ctdbd 4.17. Node thread only.
 */
final class StatisticsTable {
  /** Bytes of the body. */
  static final int SIZE = 488;

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
  private TimeVal since;

  StatisticsTable(long nowMicros) {
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

  /** What goes down again may have gone up before this table began: it stays at 0 then. */
  void add(Counter counter, int amount) {
    int word = counter.offset() / 4;
    words[word] = amount < 0 ? Math.max(0, words[word] + amount) : words[word] + amount;
  }

  int value(Counter counter) {
    return words[counter.offset() / 4];
  }

  void latency(LatencyKind kind, double seconds) {
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

  /** Counts a call by its hops: bucket n holds those below 2 to the power of n. */
  void hops(int hopCount) {
    int max = Counter.MAX_HOP_COUNT.offset() / 4;
    words[max] = Math.max(words[max], hopCount);
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(hopCount);
    words[HOP_BUCKETS_OFFSET / 4 + Math.min(bits, BUCKETS - 1)]++;
  }

  /** Starts anew from zero. */
  void clear(long nowMicros) {
    Arrays.fill(words, 0);
    reclockDaemon.clear();
    reclockRecovery.clear();
    locks.clear();
    calls.clear();
    childWrites.clear();
    since = TimeVal.ofMicros(nowMicros);
  }

  /** The body, with the state of the node at this moment in it. */
  Bytes encode(int clients, boolean frozen, boolean recovering, int memoryUsed, long nowMicros) {
    TimeVal now = TimeVal.ofMicros(nowMicros);
    var writer = new ByteWriter(SIZE);
    writer.putInt(clients).putInt(frozen ? 1 : 0).putInt(recovering ? 1 : 0);
    words(writer, 12, 104);
    reclockDaemon.write(writer);
    reclockRecovery.write(writer);
    words(writer, 168, 184);
    locks.write(writer);
    words(writer, LOCK_BUCKETS_OFFSET, 296);
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
}
