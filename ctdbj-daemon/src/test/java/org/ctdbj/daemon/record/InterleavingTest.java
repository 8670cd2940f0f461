// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.Tunable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Processes on three nodes compete for few records, in an order that the seed decides. */
class InterleavingTest {
  private static final int PROCESSES = 9;
  private static final int ACTIONS = 120;

  private TestCluster cluster;
  private SmbdActor.World world;
  private final List<SmbdActor> actors = new ArrayList<>();

  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  private void start(long seed, int databaseFlags) {
    cluster = new TestCluster(3, databaseFlags, seed);
    cluster.minimumDelayNanos = 20_000;
    cluster.jitterNanos = cluster.random.nextLong(1, 2_000_001);
    List<RecordKey> counters = new ArrayList<>();
    List<RecordKey> deleted = new ArrayList<>();
    for (int pnn = 0; pnn < 3; pnn++) {
      counters.add(cluster.keyOf(pnn, 0));
      deleted.add(cluster.keyOf(pnn, 1));
    }
    world = new SmbdActor.World(counters, deleted);
    for (int i = 0; i < PROCESSES; i++) {
      actors.add(new SmbdActor(cluster, world, i % 3, ACTIONS));
    }
  }

  private void run(Runnable disturbance) {
    long limit = cluster.time.nowNanos() + 600_000_000_000L;
    while (actors.stream().anyMatch(actor -> !actor.done())) {
      cluster.time.passMillis(20);
      disturbance.run();
      assertTrue(cluster.time.nowNanos() < limit, "processes hang");
    }
    cluster.time.passSeconds(3);
  }

  private void checkRecords() {
    for (RecordKey key : world.values.keySet()) {
      List<Integer> dmasters = new ArrayList<>();
      boolean exists = false;
      for (TestNode node : cluster.nodes) {
        var record = node.store.get(key);
        exists |= record != null;
        if (record != null && record.header().dmaster() == node.pnn) {
          dmasters.add(node.pnn);
        }
      }
      String where = key + ": " + cluster.all(key);
      assertEquals(exists ? 1 : 0, dmasters.size(), where);
      long value = 0;
      if (exists) {
        var record = cluster.node(dmasters.getFirst()).store.get(key);
        value = record.data().isEmpty() ? 0 : record.data().getLong(0);
        int lmaster = StoreRules.lmaster(cluster.map, key);
        assertEquals(
            dmasters.getFirst(), cluster.node(lmaster).store.get(key).header().dmaster(), where);
      }
      long collected = world.collected.getOrDefault(key, 0L);
      assertEquals(world.increments.getOrDefault(key, 0L), value + collected, where);
    }
    for (TestNode node : cluster.nodes) {
      assertEquals(List.of(), node.forcedRecoveries);
      assertEquals(0, node.count(Counter.PENDING_CALLS));
      assertEquals(0, node.count(Counter.LOCK_CURRENT));
      node.store.checkIdle();
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void migration(long seed) {
    start(seed, 0);
    world.rsnsNeverFall = true;
    if (seed % 4 == 3) {
      cluster.tunables.put(Tunable.FETCH_COLLAPSE, 0);
    }
    run(() -> {});
    checkRecords();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void readOnlyCopiesVacuumingAndDyingClients(long seed) {
    start(seed, DatabaseFlags.READONLY | DatabaseFlags.STICKY);
    cluster.tunables.put(Tunable.VACUUM_INTERVAL, 1);
    cluster.tunables.put(Tunable.VACUUM_FAST_PATH_COUNT, 1);
    cluster.tunables.put(Tunable.HOPCOUNT_MAKE_STICKY, 2);
    cluster.tunables.put(Tunable.STICKY_PINDOWN, 20);
    cluster.nodes.forEach(node -> node.engine.startVacuuming());
    run(
        () -> {
          if (cluster.random.nextInt(20) == 0) {
            int victim = cluster.random.nextInt(actors.size());
            actors.set(victim, actors.get(victim).replace());
          }
        });
    cluster.time.passSeconds(10);
    checkRecords();
    assertTrue(world.readOnlyHits > 0);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void recoveries(long seed) {
    start(seed, DatabaseFlags.READONLY);
    cluster.tunables.put(Tunable.VACUUM_INTERVAL, 1);
    cluster.nodes.forEach(node -> node.engine.startVacuuming());
    int[] generation = {100};
    boolean[] recovering = {false};
    run(
        () -> {
          if (!recovering[0] && cluster.random.nextInt(25) == 0) {
            recovering[0] = true;
            cluster.freeze();
          } else if (recovering[0]
              && cluster.nodes.stream()
                  .allMatch(node -> node.store.freezeState() == FreezeState.FROZEN)) {
            cluster.recover(generation[0]++, cluster.random.nextInt(3));
            recovering[0] = false;
          }
        });
    if (recovering[0]) {
      cluster.time.passSeconds(1);
      cluster.recover(generation[0]++, 0);
    }
    cluster.time.passSeconds(10);
    for (RecordKey key : world.values.keySet()) {
      for (int pnn = 0; pnn < 3; pnn++) {
        cluster.migrate(
            pnn,
            key); // settles what the recovery left as data master without a location master's copy
      }
    }
    cluster.time.passSeconds(10); // vacuuming takes the empty ones home: none may be under way
    checkRecords();
  }
}
