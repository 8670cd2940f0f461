// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.junit.jupiter.api.Test;

/** Random mishaps; afterwards every cluster has to find together again. */
class ChaosTest {
  private static final int NODES = 4;
  private static final int SEEDS = 30;
  private static final int DATABASES = 3;

  @Test
  void clusterWithoutLockFindsTogether() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      run(seed, false);
    }
  }

  @Test
  void clusterWithLockFindsTogether() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      run(seed, true);
    }
  }

  private static void run(long seed, boolean withLock) {
    var random = new Random(seed);
    var cluster = new FakeCluster(NODES);
    if (withLock) {
      cluster.lock = new FakeLock(cluster.time);
    }
    for (int pnn = 0; pnn < NODES; pnn++) {
      for (int i = 0; i < DATABASES; i++) {
        String name = "db" + i + ".tdb";
        var database = cluster.node(pnn).database(FakeCluster.databaseId(name), name, 0);
        database.put("key" + random.nextInt(20), 1 + random.nextInt(9), pnn, 0, "value" + pnn);
      }
    }
    cluster.start();
    String what = "seed " + seed + (withLock ? " with lock" : "");
    for (int step = 0; step < 25; step++) {
      mishap(cluster, random);
      cluster.time.runSeconds(random.nextDouble() * (random.nextBoolean() ? 12 : 0.3));
      if (withLock) {
        checkLock(cluster, what);
      }
    }
    heal(cluster);
    // bans do not expire in this cluster: heal once more if a node was banned for what happened
    // before
    cluster.time.runSeconds(150);
    heal(cluster);
    cluster.time.runSeconds(150);
    assertTrue(
        cluster.settled(),
        () -> {
          var text = new StringBuilder(what);
          for (var member : cluster.members) {
            int from = Math.max(0, member.log.size() - 25);
            text.append("\nnode ")
                .append(member.pnn())
                .append(" leader ")
                .append(Pnn.toString(member.leader()))
                .append(" flags ")
                .append(member.node.ownFlags())
                .append(" mode ")
                .append(member.node.mode)
                .append('\n')
                .append(String.join("\n", member.log.subList(from, member.log.size())));
          }
          return text.toString();
        });
    assertEquals(NODES, cluster.node(0).map.lmasters().size(), what);
    for (int pnn = 1; pnn < NODES; pnn++) {
      for (int id : cluster.node(0).databases.keySet()) {
        assertEquals(
            cluster.node(0).databases.get(id).records.keySet(),
            cluster.node(pnn).databases.get(id).records.keySet(),
            what);
      }
    }
  }

  private static void mishap(FakeCluster cluster, Random random) {
    int a = random.nextInt(NODES);
    int b = (a + 1 + random.nextInt(NODES - 1)) % NODES;
    var member = cluster.member(a);
    switch (random.nextInt(9)) {
      case 0 -> {
        if (cluster.sees(a, b)) {
          cluster.cut(a, b);
        }
      }
      case 1, 2 -> connect(cluster, a, b);
      case 3 -> cluster.pause(a);
      case 4, 5 -> cluster.resume(a);
      case 6 -> {
        if (!NodeFlags.isInactive(member.node.ownFlags())) {
          member.node.becomeInactive(NodeFlags.STOPPED);
        }
      }
      case 7 -> member.node.flags[a] &= ~(NodeFlags.STOPPED | NodeFlags.BANNED);
      default -> {
        if (cluster.lock == null) {
          member.node.mode = 1;
        } else if (cluster.lock.holder != null) {
          cluster.lock.lose();
        }
      }
    }
  }

  private static void connect(FakeCluster cluster, int a, int b) {
    if (!cluster.sees(a, b)) {
      cluster.connect(a, b);
    }
  }

  private static void heal(FakeCluster cluster) {
    for (int a = 0; a < NODES; a++) {
      cluster.resume(a);
      cluster.node(a).flags[a] &= ~(NodeFlags.STOPPED | NodeFlags.BANNED);
      for (int b = 0; b < NODES; b++) {
        if (a != b) {
          connect(cluster, a, b);
        }
      }
    }
  }

  /**
   * Nobody that runs takes itself for the leader without the lock, but for the moment in which it
   * was lost.
   */
  private static void checkLock(FakeCluster cluster, String what) {
    for (var member : cluster.members) {
      if (!member.paused && member.leader() == member.pnn()) {
        var holder = cluster.lock.holder;
        assertEquals(member, holder == null ? null : holder.member, what);
      }
    }
    if (cluster.lock.holder == null) {
      assertNull(
          cluster.members.stream()
              .filter(member -> !member.paused && member.leader() == member.pnn())
              .findFirst()
              .orElse(null),
          what);
    }
  }
}
