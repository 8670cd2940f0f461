// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.Random;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;

/**
 * What a seed makes of a simulation: its size, its load, and what goes wrong in it.
 *
 * @param nodes number of nodes
 * @param clusterLock whether leaders are found by the cluster lock; by vote else
 * @param networkFaults whether links break and nodes are cut off. ctdb then lets every part of the
 *     cluster go on by itself for a while, so that losses are possible that do not count
 * @param crashes whether machines crash
 * @param pauses whether daemons are stopped as by SIGSTOP
 * @param takenOut whether nodes are banned and stopped
 * @param lockLosses whether helpers of the cluster lock die
 * @param fastStart as in test mode: no waiting before a node is up
 * @param readOnly whether read-only copies are used
 * @param keys records in use
 * @param workersPerNode processes of a node that use records
 * @param thinkNanos longest pause between two uses of a record
 * @param longHoldNanos longest time for which a process holds a lock
 * @param maxWorkNanos longest time that work on a whole file takes
 * @param maxLatencyNanos longest usual time of a packet on its way
 * @param deathRate one in so many steps of a process is its last
 * @param faultSeconds duration of the time with faults
 * @param meanFaultMillis mean time between two faults
 * @param tunables of all nodes
 */
record Profile(
    int nodes,
    boolean clusterLock,
    boolean networkFaults,
    boolean crashes,
    boolean pauses,
    boolean takenOut,
    boolean lockLosses,
    boolean fastStart,
    boolean readOnly,
    int keys,
    int workersPerNode,
    long thinkNanos,
    long longHoldNanos,
    long maxWorkNanos,
    long maxLatencyNanos,
    int deathRate,
    int faultSeconds,
    int meanFaultMillis,
    TunableValues tunables) {
  private static final long MILLISECOND = 1_000_000;

  static Profile of(Random random) {
    int more = random.nextInt(5);
    int nodes = 3 + Math.min(more, random.nextInt(5)); // rather few
    boolean lock = random.nextBoolean();
    TunableValues tunables =
        TunableValues.defaults()
            .with(Tunable.KEEPALIVE_INTERVAL, 1 + random.nextInt(5))
            .with(Tunable.KEEPALIVE_LIMIT, 3 + random.nextInt(3))
            .with(Tunable.RERECOVERY_TIMEOUT, 1 + random.nextInt(10))
            .with(Tunable.VACUUM_INTERVAL, 2 + random.nextInt(20))
            .with(Tunable.FETCH_COLLAPSE, random.nextInt(2))
            .with(Tunable.REC_BUFFER_SIZE_LIMIT, random.nextBoolean() ? 1_000_000 : 100);
    return new Profile(
        nodes,
        lock,
        random.nextInt(3) == 0,
        random.nextInt(3) > 0,
        random.nextInt(3) > 0,
        random.nextInt(3) == 0,
        lock && random.nextBoolean(),
        random.nextInt(3) > 0,
        random.nextInt(3) == 0,
        1 + random.nextInt(12),
        1 + random.nextInt(3),
        (1 + random.nextInt(60)) * MILLISECOND,
        (1 + random.nextInt(4000)) * MILLISECOND,
        (1 + random.nextInt(100)) * MILLISECOND,
        (1 + random.nextInt(5)) * MILLISECOND / 2,
        50 + random.nextInt(2000),
        15 + random.nextInt(45),
        500 + random.nextInt(8000),
        tunables);
  }

  /** Whether, after a split, two leaders may be at work for a moment, as with ctdbd. */
  boolean twoLeadersPossible() {
    return networkFaults && !clusterLock;
  }

  /** Seconds of silence after which a node is taken for dead. */
  int silenceSeconds() {
    return tunables.get(Tunable.KEEPALIVE_INTERVAL) * tunables.get(Tunable.KEEPALIVE_LIMIT);
  }
}
