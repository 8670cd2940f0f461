// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.Arrays;
import java.util.List;
import org.ctdbj.protocol.body.DatabaseStatistics;
import org.ctdbj.protocol.body.Latency;
import org.ctdbj.protocol.body.LockStatistics;

/** What the database statistics of ctdbd count, for one database, except its hot keys. */
final class DatabaseCounters {
  private static final int BUCKETS = DatabaseStatistics.BUCKETS;

  /**
   * Upper ends of the first lock buckets, in seconds; the last bucket is for all that is longer.
   */
  private static final double[] BUCKET_SECONDS = {.001, .01, .1, 1, 2, 4, 8, 16, 32, 64};

  /** Number, sum and extremes of durations in seconds. */
  private static final class Durations {
    private int count;
    private double minimum;
    private double maximum;
    private double total;

    void add(double seconds) {
      minimum = count == 0 ? seconds : Math.min(minimum, seconds);
      maximum = Math.max(maximum, seconds);
      total += seconds;
      count++;
    }

    Latency latency() {
      return new Latency(count, minimum, maximum, total);
    }
  }

  private Durations locks = new Durations();
  private Durations vacuums = new Durations();
  private int[] lockBuckets = new int[BUCKETS];
  private int[] hopBuckets = new int[BUCKETS];
  private int delegations;
  private int revokes;

  /** A wait for a chain lock has ended. */
  void lock(double seconds) {
    locks.add(seconds);
    int bucket = 0;
    while (bucket < BUCKET_SECONDS.length && seconds >= BUCKET_SECONDS[bucket]) {
      bucket++;
    }
    lockBuckets[bucket]++;
  }

  void vacuum(double seconds) {
    vacuums.add(seconds);
  }

  void delegation() {
    delegations++;
  }

  void revoke() {
    revokes++;
  }

  /** A call has arrived after so many hops; buckets are 0, 1, 2-3, 4-7, ... */
  void hops(int hopCount) {
    hopBuckets[Math.min(BUCKETS - 1, Integer.SIZE - Integer.numberOfLeadingZeros(hopCount))]++;
  }

  /**
   * What the control answers.
   *
   * @param waiting packets that wait for a chain lock now
   */
  DatabaseStatistics snapshot(int waiting, List<DatabaseStatistics.HotKey> hotKeys) {
    return new DatabaseStatistics(
        new LockStatistics(locks.count, waiting, 0, 0, locks.latency(), boxed(lockBuckets)),
        vacuums.latency(),
        delegations,
        revokes,
        boxed(hopBuckets),
        hotKeys);
  }

  private static List<Integer> boxed(int[] counts) {
    return Arrays.stream(counts).boxed().toList();
  }

  void reset() {
    locks = new Durations();
    vacuums = new Durations();
    lockBuckets = new int[BUCKETS];
    hopBuckets = new int[BUCKETS];
    delegations = 0;
    revokes = 0;
  }
}
