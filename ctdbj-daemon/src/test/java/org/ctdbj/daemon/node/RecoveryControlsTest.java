// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.SrvidMessage;
import org.ctdbj.protocol.body.Uptime;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqMessage;
import org.ctdbj.recovery.ClusterLock.Outcome;
import org.junit.jupiter.api.Test;

/** The controls with which a leader leads a node through a recovery, and how a node comes up. */
final class RecoveryControlsTest {
  private static final Bytes NORMAL = Bytes.ofInt(RecoveryMode.NORMAL.number());
  private static final Bytes ACTIVE = Bytes.ofInt(RecoveryMode.ACTIVE.number());
  private static final Bytes MAP = new VnnMap(77, List.of(0)).encode();

  private final TestNodes nodes = TestNodes.connected(2);
  private final TestNodes.Member node = nodes.member(0);
  private final TestClient client = node.client();

  @Test
  void vnnMapIsTakenOnlyDuringARecovery() {
    assertEquals(0, client.ask(Control.SETVNNMAP, MAP).status());
    assertEquals(0, client.ask(Control.SET_RECMODE, NORMAL).status());
    assertEquals(-1, client.ask(Control.SETVNNMAP, new VnnMap(78, List.of(0)).encode()).status());
    assertEquals(77, node.core.vnnMap().generation());
  }

  @Test
  void damagedOrEmptyVnnMapIsRefused() {
    byte[] damaged = MAP.toByteArray();
    damaged[4] = 9;
    assertEquals(-1, client.ask(Control.SETVNNMAP, Bytes.of(damaged)).status());
    assertEquals(-1, client.ask(Control.SETVNNMAP, new VnnMap(78, List.of()).encode()).status());
    assertEquals(Generation.INVALID, node.core.vnnMap().generation());
  }

  @Test
  void nodeThatWasTakenOutKeepsTheInvalidGeneration() {
    client.ask(Control.STOP_NODE);
    assertEquals(-1, client.ask(Control.SETVNNMAP, MAP).status());
    assertEquals(Generation.INVALID, node.core.vnnMap().generation());
  }

  @Test
  void recoveryModeIsToldInTheStatus() {
    client.ask(Control.SETVNNMAP, MAP);
    assertEquals(1, client.ask(Control.GET_RECMODE, Bytes.ofText("any")).status());
    assertEquals(0, client.ask(Control.SET_RECMODE, ACTIVE).status(), "the same again");
    assertEquals(0, client.ask(Control.SET_RECMODE, NORMAL).status());
    assertEquals(List.of("thaw", "normal"), node.databases.done);
    assertEquals(0, client.ask(Control.GET_RECMODE).status());
    assertEquals(0, client.ask(Control.SET_RECMODE, NORMAL).status(), "the same again");
    assertEquals(List.of("thaw", "normal"), node.databases.done);
    assertEquals(-1, client.ask(Control.SET_RECMODE, Bytes.ofInt(7)).status());
    assertEquals(0, client.ask(Control.SET_RECMODE, ACTIVE).status());
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
  }

  @Test
  void databasesOfAnotherGenerationKeepTheRecoveryGoing() {
    client.ask(Control.SETVNNMAP, MAP);
    node.databases.sameGeneration = false;
    assertEquals(-1, client.ask(Control.SET_RECMODE, NORMAL).status());
    assertEquals(List.of(), node.databases.done);
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
  }

  @Test
  void nodeThatWasTakenOutMeanwhileDoesNotBecomeNormal() {
    client.ask(Control.SETVNNMAP, MAP);
    client.ask(Control.STOP_NODE);
    assertEquals(-1, client.ask(Control.SET_RECMODE, NORMAL).status());
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
    assertEquals(List.of("inactive", "freeze"), node.databases.done);
  }

  /** A node with a cluster lock, in a recovery that has got as far as the end of it. */
  private static TestNodes.Member withLock() {
    var cluster = new TestNodes();
    TestNodes.Member locked = cluster.add(TestNodes.withLock("/shared/lock", 0, 1));
    return locked;
  }

  private static int endOfRecovery(TestNodes.Member locked, TestClient asking) {
    asking.ask(Control.SETVNNMAP, MAP);
    int asked = asking.control(Control.SET_RECMODE, 0, NORMAL);
    locked.time.pass(0);
    assertNull(asking.reply(asked));
    assertEquals(5, locked.lock.timeoutSeconds);
    assertEquals(RecoveryMode.ACTIVE, locked.core.recoveryMode());
    return asked;
  }

  @Test
  void clusterLockThatSomeoneHoldsIsAsItShouldBe() {
    for (Outcome outcome : new Outcome[] {Outcome.CONTENDED, Outcome.TIMEOUT}) {
      TestNodes.Member locked = withLock();
      TestClient asking = locked.client();
      int asked = endOfRecovery(locked, asking);
      locked.lock.attempt.accept(outcome);
      locked.time.pass(0);
      assertEquals(0, asking.reply(asked).status());
      assertEquals(RecoveryMode.NORMAL, locked.core.recoveryMode());
      assertEquals(1, locked.lock.released);
    }
  }

  @Test
  void clusterLockThatCanBeTakenGuardsNothing() {
    for (Outcome outcome : new Outcome[] {Outcome.HELD, Outcome.ERROR}) {
      TestNodes.Member locked = withLock();
      TestClient asking = locked.client();
      int asked = endOfRecovery(locked, asking);
      locked.lock.attempt.accept(outcome);
      locked.time.pass(0);
      ReplyControl reply = asking.reply(asked);
      assertEquals(-1, reply.status());
      assertTrue(reply.error().contains("/shared/lock"), reply.error());
      assertEquals(RecoveryMode.ACTIVE, locked.core.recoveryMode());
      assertEquals(1, locked.lock.released);
      assertEquals(List.of("thaw"), locked.databases.done);
    }
  }

  @Test
  void recoveryAskedForDuringTheCheckOfTheLockIsNotHidden() {
    List<java.util.function.Consumer<TestNodes.Member>> causes =
        List.of(
            locked -> locked.core.forceRecovery("a commit was interrupted"),
            locked -> locked.client().ask(Control.SET_RECMODE, ACTIVE),
            locked -> locked.client().ask(Control.STOP_NODE));
    for (var cause : causes) {
      TestNodes.Member locked = withLock();
      TestClient asking = locked.client();
      int asked = endOfRecovery(locked, asking);
      cause.accept(locked);
      locked.lock.attempt.accept(Outcome.CONTENDED);
      locked.time.pass(0);
      assertEquals(-1, asking.reply(asked).status());
      assertEquals(RecoveryMode.ACTIVE, locked.core.recoveryMode());
    }
  }

  private ReplyControl startRecovery(TestNodes.Member leader, int pnn) {
    return leader.client().ask(pnn, Control.START_RECOVERY.number(), 0, Bytes.EMPTY);
  }

  @Test
  void startOfARecoveryComparesTheClusterLocks() {
    assertEquals(0, startRecovery(node, 1).status());
    assertEquals(0, startRecovery(node, 0).status());
    assertEquals(List.of(), nodes.member(1).host.shutdowns);
    List<Integer> asked =
        nodes.member(1).sent.stream()
            .filter(packet -> packet instanceof ReqControl)
            .map(packet -> ((ReqControl) packet).opcode())
            .toList();
    assertEquals(List.of(Control.GET_RECLOCK_FILE.number()), asked);
  }

  @Test
  void nodeWithAnotherClusterLockEnds() {
    var cluster = new TestNodes();
    TestNodes.Member leader = cluster.add(TestNodes.withLock("/shared/lock", 0, 3));
    TestNodes.Member other = cluster.add(TestNodes.withLock("/other/lock", 1, 3));
    TestNodes.Member none = cluster.add(TestNodes.configuration(2, 3));
    cluster.connectAll();
    for (TestNodes.Member wrong : List.of(other, none)) {
      assertEquals(-1, startRecovery(leader, wrong.pnn).status());
      assertEquals(1, wrong.host.shutdowns.size());
      assertTrue(wrong.host.shutdowns.getFirst().startsWith("1 "), "exit status 1");
    }
    assertEquals(0, startRecovery(leader, 0).status());
    assertEquals(List.of(), leader.host.shutdowns);
  }

  @Test
  void leaderThatDoesNotTellItsClusterLock() {
    TestClient leader = nodes.member(1).client();
    nodes.member(1).linked.clear();
    node.core.nodePacket(
        new ReqControl(
            new org.ctdbj.protocol.packet.Header(1, 0, 1, 9),
            Control.START_RECOVERY.number(),
            0,
            0,
            0,
            Bytes.EMPTY));
    nodes.time.passSeconds(60);
    Packet last = node.sent.getLast();
    assertEquals(-1, ((ReplyControl) last).status());
    assertEquals(List.of(), node.host.shutdowns);
    assertEquals(List.of(), leader.received);
  }

  @Test
  void clusterLockIsTold() {
    assertEquals(Bytes.EMPTY, client.ask(Control.GET_RECLOCK_FILE).data());
    assertEquals(
        Bytes.ofTerminated("/shared/lock"),
        withLock().client().ask(Control.GET_RECLOCK_FILE).data());
  }

  @Test
  void endOfTheFirstRecoveryLeadsOn() {
    node.core.setRunstate(Runstate.FIRST_RECOVERY);
    nodes.time.passSeconds(7);
    startRecovery(node, 0);
    nodes.time.passSeconds(2);
    assertEquals(0, client.ask(Control.END_RECOVERY, Bytes.ofText("any")).status());
    assertEquals(Runstate.STARTUP, node.core.runstate());
    assertEquals(List.of("ended"), node.databases.done);
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(440), "num_recoveries");
    Uptime uptime = Uptime.decode(client.ask(Control.UPTIME).data());
    long start = uptime.started().seconds();
    assertEquals(start + 7, uptime.lastRecoveryStarted().seconds());
    assertEquals(start + 9, uptime.lastRecoveryFinished().seconds());
    assertEquals(start + 9, uptime.current().seconds());
  }

  @Test
  void endOfARecoveryDoesNotSkipTheStatesBeforeTheFirst() {
    node.core.setRunstate(Runstate.SETUP);
    client.ask(Control.END_RECOVERY);
    assertEquals(Runstate.SETUP, node.core.runstate());
  }

  private static long count(TestNodes.Member of, Control control) {
    return of.sent.stream()
        .filter(packet -> packet instanceof ReqControl r && r.opcode() == control.number())
        .count();
  }

  @Test
  void nodeIsUpWhenTheClusterHasBeenCalmAndHealthyTwoSecondsLater() {
    client.register(Srvid.PUSH_NODE_FLAGS);
    TestClient there = nodes.member(1).client();
    there.register(Srvid.TAKEOVER_RUN);
    nodes.start();
    nodes.time.passSeconds(20);
    assertEquals(Runstate.FIRST_RECOVERY, node.core.runstate(), "no recovery, no start");
    node.recover(client);
    nodes.time.passSeconds(12);
    assertEquals(Runstate.STARTUP, node.core.runstate());
    nodes.time.passSeconds(1);
    assertEquals(Runstate.RUNNING, node.core.runstate());
    assertEquals(1, count(node, Control.STARTUP));
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    nodes.time.passSeconds(2);
    assertEquals(0, node.flags(0));
    ReqMessage pushed =
        (ReqMessage)
            client.received.stream()
                .filter(packet -> packet instanceof ReqMessage)
                .findFirst()
                .orElseThrow();
    assertEquals(new NodeFlagChange(0, 0, 2).encode(), pushed.data());
    assertEquals(new SrvidMessage(0, 0).encode(), ((ReqMessage) there.received.getFirst()).data());
    nodes.time.passSeconds(100);
    assertEquals(1, count(node, Control.STARTUP));
    assertEquals(1, there.received.size());
  }

  @Test
  void anotherRecoveryMeansWaitingAnew() {
    nodes.start();
    node.recover(client);
    nodes.time.passSeconds(10);
    client.ask(Control.SET_RECMODE, ACTIVE);
    nodes.time.passSeconds(10);
    assertEquals(Runstate.STARTUP, node.core.runstate());
    node.recover(client);
    nodes.time.passSeconds(12);
    assertEquals(Runstate.STARTUP, node.core.runstate());
    nodes.time.passSeconds(1);
    assertEquals(Runstate.RUNNING, node.core.runstate());
  }

  @Test
  void calmTimeIsUnsigned() {
    node.core.setTunable(Tunable.RERECOVERY_TIMEOUT, -1);
    nodes.start();
    node.recover(client);
    nodes.time.passSeconds(100);
    assertEquals(Runstate.STARTUP, node.core.runstate());
  }

  @Test
  void testModeDoesNotWait() {
    var cluster = new TestNodes();
    NodeConfiguration plain = TestNodes.configuration(0, 1);
    TestNodes.Member fast =
        cluster.add(
            new NodeConfiguration(
                0,
                plain.nodes(),
                plain.capabilities(),
                false,
                false,
                "",
                plain.tunables(),
                true,
                plain.keepaliveVersion()));
    cluster.start();
    fast.recover(fast.client());
    cluster.time.passSeconds(1);
    assertEquals(Runstate.RUNNING, fast.core.runstate());
  }

  @Test
  void nodeThatIsTakenOutDoesNotBecomeHealthy() {
    nodes.start();
    node.recover(client);
    nodes.time.passSeconds(13);
    client.ask(Control.STOP_NODE);
    nodes.time.passSeconds(50);
    assertEquals(NodeFlags.STOPPED | NodeFlags.UNHEALTHY, node.flags(0));
    client.ask(Control.CONTINUE_NODE);
    node.recover(client);
    nodes.time.passSeconds(1);
    assertEquals(0, node.flags(0));
  }

  @Test
  void stoppedNodeDoesNothingByItself() {
    nodes.start();
    node.recover(client);
    node.core.stop();
    nodes.time.passSeconds(100);
    assertEquals(Runstate.STARTUP, node.core.runstate());
    assertEquals(0, client.ask(Control.GET_STAT_HISTORY).data().getLong(8 + 464));
  }
}
