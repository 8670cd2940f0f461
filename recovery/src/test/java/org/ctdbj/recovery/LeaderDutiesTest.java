// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.DisableMessage;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.SrvidMessage;
import org.ctdbj.protocol.body.VnnMap;
import org.junit.jupiter.api.Test;

/** The passes of the main loop: flags, culprits, bans, requests of others. */
class LeaderDutiesTest {
  private static final long REPLY_SRVID = 0xCE01000000000001L;

  @Test
  void everyNodePingsItsDaemonEachSecond() {
    var cluster = new FakeCluster(2).settle();
    cluster.trace.clear();
    cluster.time.runSeconds(10);
    assertPasses(cluster, "1>1 RECD_PING", 10);
  }

  @Test
  void anotherGenerationNeedsARecovery() {
    var cluster = new FakeCluster(2).settle();
    cluster.node(1).map = new VnnMap(4711, cluster.node(1).map.lmasters());
    cluster.time.runUntil(2, () -> cluster.member(0).logged("has generation 4711 instead of"));
    cluster.time.runUntil(2, cluster::settled);
  }

  @Test
  void anotherMapNeedsARecovery() {
    var cluster = new FakeCluster(2).settle();
    cluster.node(1).map = new VnnMap(cluster.node(1).map.generation(), List.of(1, 0));
    cluster.time.runUntil(2, () -> cluster.member(0).logged("has another VNN map"));
    cluster.time.runUntil(2, cluster::settled);
  }

  @Test
  void everybodyLearnsANodesOwnFlags() {
    var cluster = new FakeCluster(3).settle();
    cluster.node(1).flags[1] = NodeFlags.UNHEALTHY;
    cluster.time.runUntil(
        2,
        () ->
            cluster.node(0).flags[1] == NodeFlags.UNHEALTHY
                && cluster.node(2).flags[1] == NodeFlags.UNHEALTHY);
    cluster.node(2).flags[0] = NodeFlags.UNHEALTHY; // wrong about the leader
    cluster.time.runUntil(2, () -> cluster.node(2).flags[0] == 0);
  }

  @Test
  void aPrivateOpinionAboutAConnectionIsLeftAlone() {
    var cluster = new FakeCluster(3).settle();
    cluster.cut(1, 2);
    cluster.trace.clear();
    cluster.time.runSeconds(5);
    assertTrue(cluster.trace.stream().noneMatch(line -> line.endsWith("MODIFY_FLAGS")));
  }

  @Test
  void inactiveNodeIsFrozenOnce() {
    var cluster = new FakeCluster(3).settle();
    cluster.node(2).flags[2] = NodeFlags.STOPPED;
    cluster.trace.clear();
    cluster.time.runSeconds(10);
    assertEquals(RecoveryMode.ACTIVE.number(), cluster.node(2).mode);
    assertEquals(1, cluster.trace.stream().filter("2>2 FREEZE"::equals).count());
    cluster.node(2).flags[2] = 0;
    cluster.time.runUntil(30, cluster::settled);
    cluster.node(2).flags[2] = NodeFlags.STOPPED;
    cluster.time.runSeconds(2);
    assertEquals(2, cluster.trace.stream().filter("2>2 FREEZE"::equals).count());
  }

  @Test
  void nodeThatFailsAgainAndAgainIsBannedAtTwiceTheNumberOfNodes() {
    var cluster = new FakeCluster(3).settle();
    cluster.node(2).faults.put(Control.GET_NODEMAP, data -> ControlResult.failed("broken"));
    cluster.time.runUntil(10, () -> cluster.member(0).recovery.banCredits(2) == 5);
    assertEquals(0, cluster.node(2).bans);
    cluster.time.runUntil(3, () -> cluster.node(2).bans == 1);
    assertTrue(cluster.member(0).logged("Banning node 2 for 300 seconds"));
    assertEquals(0, cluster.member(0).recovery.banCredits(2));
  }

  @Test
  void oldCreditsExpire() {
    var cluster = new FakeCluster(3).settle();
    cluster.node(2).faults.put(Control.GET_NODEMAP, data -> ControlResult.failed("broken"));
    cluster.time.runUntil(10, () -> cluster.member(0).recovery.banCredits(2) == 4);
    cluster.node(2).faults.clear();
    cluster.time.runSeconds(121);
    cluster.node(2).faults.put(Control.GET_NODEMAP, data -> ControlResult.failed("broken"));
    cluster.time.runUntil(3, () -> cluster.member(0).recovery.banCredits(2) == 1);
  }

  @Test
  void leaderBansItself() {
    var cluster = new FakeCluster(3).settle();
    for (int i = 0; i < 2; i++) {
      cluster.message(1, 0, Srvid.BANNING, Bytes.ofInt(0));
    }
    cluster.message(1, 0, Srvid.BANNING, Bytes.ofInt(99)); // unknown: ignored
    cluster.time.runUntil(3, () -> cluster.node(0).bans == 1);
    cluster.time.runUntil(20, cluster::settled);
    assertEquals(1, cluster.member(1).leader());
    // Banned nodes start behind all others when they come back.
    cluster.node(0).flags[0] = 0;
    cluster.time.runSeconds(60);
    assertTrue(cluster.settled());
    assertEquals(1, cluster.member(0).leader());
    cluster.kill(1);
    cluster.time.runUntil(30, cluster::settled);
    assertEquals(2, cluster.member(0).leader());
  }

  @Test
  void onlyTheLeaderCountsCulprits() {
    var cluster = new FakeCluster(2).settle();
    cluster.message(0, 1, Srvid.BANNING, Bytes.ofInt(0));
    cluster.time.runSeconds(0.5);
    assertEquals(0, cluster.member(1).recovery.banCredits(0));
  }

  @Test
  void changedTunableTakesEffectInTheNextPass() {
    var cluster = new FakeCluster(2).settle();
    cluster.node(1).tunables = cluster.node(1).tunables.with(Tunable.RECOVER_INTERVAL, 5);
    cluster.time.runSeconds(2);
    cluster.trace.clear();
    cluster.time.runSeconds(50);
    assertPasses(cluster, "1>1 RECD_PING", 10);
    assertPasses(cluster, "0>0 RECD_PING", 50);
  }

  @Test
  void recoveriesRestAfterOne() {
    var cluster = new FakeCluster(2).settle();
    int first = cluster.node(0).map.generation();
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(3, () -> cluster.node(0).map.generation() != first && cluster.settled());
    int second = cluster.node(0).map.generation();
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    double seconds = cluster.time.runUntil(20, () -> cluster.node(0).map.generation() != second);
    assertTrue(seconds > 9 && seconds < 12, () -> "took " + seconds);
  }

  @Test
  void recoveriesCanBeDisabled() {
    var cluster = new FakeCluster(2).settle();
    var answers = listen(cluster, 1);
    cluster.message(
        1, 0, Srvid.DISABLE_RECOVERIES, new DisableMessage(1, REPLY_SRVID, 20).encode());
    cluster.time.runSeconds(1);
    assertEquals(List.of(0), answers);
    int before = cluster.node(0).map.generation();
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runSeconds(10);
    assertEquals(before, cluster.node(0).map.generation());
    cluster.message(1, 0, Srvid.DISABLE_RECOVERIES, new DisableMessage(1, REPLY_SRVID, 0).encode());
    cluster.time.runUntil(3, () -> cluster.node(0).map.generation() != before);
    assertEquals(List.of(0, 0), answers);
  }

  @Test
  void recoveriesCannotBeDisabledWhileOneRuns() {
    var cluster = new FakeCluster(2).settle();
    var answers = listen(cluster, 1);
    cluster.node(1).faults.put(Control.START_RECOVERY, data -> FakeNode.SILENCE);
    cluster.node(1).mode = RecoveryMode.ACTIVE.number();
    cluster.time.runUntil(3, () -> cluster.trace.getLast().endsWith("START_RECOVERY"));
    cluster.message(
        1, 0, Srvid.DISABLE_RECOVERIES, new DisableMessage(1, REPLY_SRVID, 20).encode());
    cluster.time.runSeconds(0.1);
    assertEquals(List.of(-11), answers);
  }

  @Test
  void takeoverRunIsAnsweredByTheLeaderOnly() {
    var cluster = new FakeCluster(3).settle();
    var answers = listen(cluster, 2);
    int before = cluster.node(1).reallocations;
    cluster.message(
        2, Pnn.BROADCAST_CONNECTED, Srvid.TAKEOVER_RUN, new SrvidMessage(2, REPLY_SRVID).encode());
    cluster.time.runSeconds(3);
    assertEquals(List.of(0), answers);
    for (int pnn = 0; pnn < 3; pnn++) {
      assertEquals(before + 1, cluster.node(pnn).reallocations);
    }
    assertTrue(cluster.member(1).logged("Disabling takeover runs for 60 seconds"));
    assertTrue(cluster.member(1).logged("Reenabling takeover runs"));
    assertFalse(cluster.member(0).logged("Disabling takeover runs"));
  }

  @Test
  void twoFailedTakeoverRunsBan() {
    var cluster = new FakeCluster(3).settle();
    var answers = listen(cluster, 2);
    cluster
        .node(1)
        .faults
        .put(Control.IPREALLOCATED, data -> ControlResult.of(110, Bytes.EMPTY, ""));
    cluster.message(2, 0, Srvid.TAKEOVER_RUN, new SrvidMessage(2, REPLY_SRVID).encode());
    cluster.time.runUntil(5, () -> cluster.member(0).recovery.banCredits(1) == 3);
    cluster.time.runUntil(5, () -> cluster.node(1).bans == 1);
    assertEquals(List.of(-1), answers);
    assertEquals(0, cluster.node(0).bans + cluster.node(2).bans);
  }

  @Test
  void takeoverRunsCanBeDisabled() {
    var cluster = new FakeCluster(2).settle();
    cluster.message(1, 0, Srvid.DISABLE_IP_CHECK, Bytes.ofInt(10));
    int before = cluster.node(1).reallocations;
    cluster.message(1, 0, Srvid.TAKEOVER_RUN, new SrvidMessage(1, 0).encode());
    cluster.time.runSeconds(9);
    assertEquals(before, cluster.node(1).reallocations);
    cluster.time.runSeconds(3);
    assertEquals(before + 1, cluster.node(1).reallocations);
  }

  @Test
  void publicAddressesOfOtherNodesAreLeftAloneWithAWarning() {
    var cluster = new FakeCluster(2);
    cluster.node(1).publicAddresses = 2;
    cluster.settle();
    assertTrue(cluster.member(0).logged("WARNING Nodes [1] have public addresses"));
  }

  @Test
  void ownFlagChangeIsPushedToAll() {
    var cluster = new FakeCluster(3).settle();
    cluster.node(0).tunables = cluster.node(0).tunables.with(Tunable.RECOVER_INTERVAL, 1000);
    cluster.time.runSeconds(2);
    cluster.node(1).flags[1] = NodeFlags.UNHEALTHY;
    cluster.message(
        1, 1, Srvid.PUSH_NODE_FLAGS, new NodeFlagChange(1, NodeFlags.UNHEALTHY, 0).encode());
    cluster.time.runSeconds(0.1);
    assertEquals(NodeFlags.UNHEALTHY, cluster.node(0).flags[1]);
    assertEquals(NodeFlags.UNHEALTHY, cluster.node(2).flags[1]);
  }

  @Test
  void memoryReportIsSentOnRequest() {
    var cluster = new FakeCluster(2).settle();
    var texts = new ArrayList<String>();
    cluster.member(1).handlers.put(REPLY_SRVID, (srvid, data) -> texts.add(data.text()));
    cluster.message(1, 0, Srvid.MEM_DUMP, new SrvidMessage(1, REPLY_SRVID).encode());
    cluster.time.runSeconds(0.1);
    assertEquals(List.of("memory"), texts);
  }

  @Test
  void healthyClusterIsLeftInPeace() {
    var cluster = new FakeCluster(4).settle();
    int generation = cluster.node(0).map.generation();
    cluster.time.runSeconds(3600);
    assertEquals(generation, cluster.node(3).map.generation());
    assertNotEquals(0, cluster.node(3).recoveries);
    assertTrue(cluster.settled());
  }

  /** One more or less, since passes do not begin with the second. */
  private static void assertPasses(FakeCluster cluster, String control, long expected) {
    long count = cluster.trace.stream().filter(control::equals).count();
    assertTrue(Math.abs(count - expected) <= 1, () -> control + ": " + count);
  }

  private static List<Integer> listen(FakeCluster cluster, int pnn) {
    var answers = new ArrayList<Integer>();
    cluster.member(pnn).handlers.put(REPLY_SRVID, (srvid, data) -> answers.add(data.getInt(0)));
    return answers;
  }
}
