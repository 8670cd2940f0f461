// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.BanState;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.junit.jupiter.api.Test;

/** Flags of nodes, and how a node is taken out and comes back. */
final class NodeStatesTest {
  private static final int OUT = 0x39;

  private final TestNodes nodes = TestNodes.connected(2);
  private final TestNodes.Member node = nodes.member(0);
  private final TestClient client = node.client();

  private int modify(int pnn, int newFlags) {
    return client
        .ask(Control.MODIFY_FLAGS, new NodeFlagChange(pnn, newFlags, 0x55).encode())
        .status();
  }

  private int ban(int pnn, int seconds) {
    return client.ask(Control.SET_BAN_STATE, new BanState(pnn, seconds).encode()).status();
  }

  private BanState banState() {
    return BanState.decode(client.ask(Control.GET_BAN_STATE).data());
  }

  @Test
  void flagsAtTheStart() {
    var fresh = new TestNodes();
    List<NodeMap.Node> file = new ArrayList<>(TestNodes.addresses(3));
    file.set(2, new NodeMap.Node(2, NodeFlags.DELETED, TestNodes.address(0)));
    NodeConfiguration plain = TestNodes.configuration(0, 3);
    TestNodes.Member starting =
        fresh.add(
            new NodeConfiguration(
                0,
                file,
                plain.capabilities(),
                true,
                true,
                "",
                plain.tunables(),
                false,
                plain.keepaliveVersion()));
    NodeMap map = NodeMap.decode(starting.client().ask(Control.GET_NODEMAP).data());
    assertEquals(List.of(0x26, 0x03, 0x11), map.nodes().stream().map(NodeMap.Node::flags).toList());
    assertEquals(file.get(1).address(), map.nodes().get(1).address());
    assertEquals(List.of(0, 1), starting.core.vnnMap().lmasters());
    assertEquals(1, starting.core.vnnMap().generation());
    assertEquals(RecoveryMode.ACTIVE, starting.core.recoveryMode());
    assertEquals(Runstate.UNKNOWN, starting.core.runstate());
  }

  @Test
  void connectionChangesOneFlagAndItsLossTwo() {
    assertEquals(NodeFlags.UNHEALTHY, node.flags(1));
    modify(1, 0);
    nodes.cut(0, 1);
    assertEquals(NodeFlags.DISCONNECTED | NodeFlags.UNHEALTHY, node.flags(1));
    nodes.connectAll();
    assertEquals(NodeFlags.UNHEALTHY, node.flags(1));
    node.core.linkDown(0);
    node.core.linkUp(0);
    node.core.linkUp(9);
    node.core.linkDown(-1);
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(NodeFlags.DELETED | NodeFlags.DISCONNECTED, node.flags(9));
  }

  @Test
  void linkThatBreaksWithinAGenerationAsksForARecovery() {
    nodes.cut(0, 1);
    nodes.connectAll();
    node.recover(client);
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode(), "broken in an older generation");
    nodes.cut(0, 1);
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode());
    nodes.connectAll();
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
  }

  @Test
  void packetsToANodeWithoutConnectionAskForARecoveryWhenItComes() {
    nodes.cut(0, 1);
    node.recover(client);
    var header = new Header(node.core.vnnMap().generation(), 1, 0, 5);
    node.core.send(new ReqCall(header, 0, 1, 0, 0, Bytes.ofText("k"), Bytes.EMPTY));
    nodes.connectAll();
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
    Bytes normal = Bytes.ofInt(RecoveryMode.NORMAL.number());
    assertEquals(-1, client.ask(Control.SET_RECMODE, normal).status(), "that one is lossy");
    client.ask(Control.SETVNNMAP, new VnnMap(4711, List.of(0)).encode());
    assertEquals(0, client.ask(Control.SET_RECMODE, normal).status());
  }

  @Test
  void modifyFlags() {
    assertEquals(0, modify(1, NodeFlags.STOPPED | NodeFlags.DISCONNECTED));
    assertEquals(NodeFlags.STOPPED, node.flags(1), "the connection is everyone's own matter");
    assertEquals(0, modify(0, NodeFlags.STOPPED));
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0), "each node is its own authority");
    nodes.cut(0, 1);
    int before = node.flags(1);
    assertEquals(0, modify(1, 0));
    assertEquals(before, node.flags(1));
    assertEquals(-1, modify(9, 0));
    assertEquals(-1, modify(Pnn.UNKNOWN, 0));
  }

  @Test
  void nodeThatBecomesHealthyWhileThisOneStartsMakesItRecover() {
    node.recover(client);
    node.core.setRunstate(Runstate.STARTUP);
    modify(1, NodeFlags.PERMANENTLY_DISABLED);
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode());
    modify(1, 0);
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
    node.recover(client);
    modify(1, 0);
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode(), "nothing changed");
    modify(1, NodeFlags.UNHEALTHY);
    node.core.setRunstate(Runstate.RUNNING);
    modify(1, 0);
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode(), "this node runs");
  }

  @Test
  void disableAndEnable() {
    assertEquals(0, client.ask(Control.DISABLE_NODE).status());
    assertEquals(NodeFlags.UNHEALTHY | NodeFlags.PERMANENTLY_DISABLED, node.flags(0));
    assertEquals(0, client.ask(Control.ENABLE_NODE).status());
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(List.of(), node.databases.done);
  }

  @Test
  void stopTakesTheNodeOutAndContinueClearsTheFlagOnly() {
    node.recover(client);
    node.databases.done.clear();
    assertEquals(0, client.ask(Control.STOP_NODE).status());
    assertEquals(NodeFlags.STOPPED | NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(List.of("inactive", "freeze"), node.databases.done);
    assertEquals(1, node.core.vnnMap().generation());
    assertEquals(List.of(0), node.core.vnnMap().lmasters(), "the map itself stays");
    assertEquals(1, client.ask(Control.GET_RECMODE).status());
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(4), "frozen");
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(8), "recovering");
    assertEquals(0, client.ask(Control.CONTINUE_NODE).status());
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(List.of("inactive", "freeze"), node.databases.done);
    assertEquals(1, client.ask(Control.GET_RECMODE).status());
    node.recover(client);
    assertEquals(0, client.ask(Control.STATISTICS).data().getInt(4), "frozen");
  }

  @Test
  void stopCommandOfAnotherNodesClient() {
    TestClient there = nodes.member(1).client();
    assertEquals(0, there.ask(0, Control.STOP_NODE.number(), 0, Bytes.EMPTY).status());
    assertTrue(NodeFlags.isInactive(node.flags(0)));
    assertEquals(0, nodes.member(1).flags(1) & OUT);
  }

  @Test
  void banEndsAfterItsTime() {
    node.recover(client);
    node.databases.done.clear();
    assertEquals(new BanState(0, 0), banState());
    assertEquals(0, ban(0, 10));
    assertEquals(List.of("inactive", "freeze"), node.databases.done);
    assertEquals(new BanState(0, 10), banState());
    assertEquals(1, node.core.vnnMap().generation());
    nodes.time.passSeconds(9);
    assertTrue(TestNodes.has(node.flags(0), NodeFlags.BANNED));
    nodes.time.passSeconds(1);
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(new BanState(0, 0), banState());
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode(), "until the leader recovers it");
    assertEquals(List.of("inactive", "freeze"), node.databases.done, "nothing is thawed");
  }

  @Test
  void secondBanReplacesTheTimeOnly() {
    ban(0, 10);
    node.databases.done.clear();
    nodes.time.passSeconds(5);
    assertEquals(0, ban(0, 20));
    assertEquals(List.of(), node.databases.done);
    assertEquals(new BanState(0, 20), banState());
    nodes.time.passSeconds(19);
    assertTrue(TestNodes.has(node.flags(0), NodeFlags.BANNED));
    nodes.time.passSeconds(1);
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
  }

  @Test
  void unban() {
    ban(0, 10);
    assertEquals(0, ban(0, 0));
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(new BanState(0, 0), banState());
    ban(0, 30);
    nodes.time.passSeconds(15);
    assertTrue(TestNodes.has(node.flags(0), NodeFlags.BANNED), "the first timer is gone");
  }

  @Test
  void banWithoutFrozenDatabasesIsRepeated() {
    node.databases.freezes = null;
    ban(0, 10);
    nodes.time.passSeconds(10);
    assertTrue(TestNodes.has(node.flags(0), NodeFlags.BANNED));
    assertEquals(new BanState(0, 300), banState());
    node.databases.freezing.accept(true);
    nodes.time.passSeconds(300);
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
  }

  @Test
  void bansThatAreNotForThisNodeOrNotAllowed() {
    assertEquals(-1, ban(1, 10));
    node.core.setTunable(Tunable.ENABLE_BANS, 0);
    assertEquals(0, ban(0, 10));
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(List.of(), node.databases.done);
  }

  private static ReqCall call(int generation, int hops) {
    return new ReqCall(
        new Header(generation, 0, 1, 5), 0, 1, 0xFF000001, hops, Bytes.ofText("k"), Bytes.EMPTY);
  }

  @Test
  void packetsAboutRecordsOfAnotherGenerationAreDropped() {
    node.recover(client);
    node.core.nodePacket(call(TestNodes.GENERATION, 0));
    node.core.nodePacket(call(TestNodes.GENERATION - 1, 0));
    node.core.nodePacket(call(1, 0));
    node.core.nodePacket(new ReplyError(new Header(1, 0, 1, 5), -1, "any generation"));
    assertEquals(2, node.databases.packets.size());
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(36), "node.req_call");
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(52), "node.reply_error");
  }

  @Test
  void packetsAboutRecordsAreDroppedByABannedNode() {
    ban(0, 10);
    assertEquals(1, node.core.vnnMap().generation());
    node.core.nodePacket(call(1, 0));
    assertEquals(List.of(), node.databases.packets);
    client.message(0, 1, "x");
    assertEquals(0, client.ask(Control.GET_PNN).status(), "controls go on");
    ban(0, 0);
    node.core.nodePacket(call(1, 0));
    assertEquals(1, node.databases.packets.size());
  }

  @Test
  void callsOfClientsAreHandedOnWhateverTheirHeader() {
    node.core.clientPacket(client.id, call(999, 0));
    assertEquals(1, node.databases.packets.size());
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(72), "client.req_call");
  }

  @Test
  void nodesFileAsItIsNow() {
    node.host.nodesFile = TestNodes.addresses(4);
    NodeMap file = NodeMap.decode(client.ask(Control.GET_NODES_FILE).data());
    assertEquals(TestNodes.addresses(4), file.nodes());
    assertEquals(2, NodeMap.decode(client.ask(Control.GET_NODEMAP).data()).nodes().size());
    node.host.nodesFileProblem = "nodes, line 3: not an address";
    ReplyControl reply = client.ask(Control.GET_NODES_FILE);
    assertEquals(-1, reply.status());
    assertEquals(node.host.nodesFileProblem, reply.error());
    assertEquals(-1, client.ask(Control.RELOAD_NODES_FILE).status());
    assertEquals(List.of(), node.host.changes);
  }

  @Test
  void reloadKeepsWhatIsUnchangedAndTellsTheRecoveryCore() {
    client.register(Srvid.RELOAD_NODES);
    node.host.nodesFile = TestNodes.addresses(3);
    assertEquals(0, client.ask(Control.RELOAD_NODES_FILE).status());
    assertEquals(List.of(""), client.messages());
    assertEquals(NodeFlags.UNHEALTHY, node.flags(1), "still connected");
    assertEquals(NodeFlags.UNHEALTHY | NodeFlags.DISCONNECTED, node.flags(2));
    assertEquals(List.of(TestNodes.addresses(3)), node.host.changes);
  }

  @Test
  void nodeThatIsDeletedOrMissingInTheFileIsNoNodeAnyMore() {
    List<NodeMap.Node> file = new ArrayList<>(TestNodes.addresses(2));
    file.set(1, new NodeMap.Node(1, NodeFlags.DELETED, TestNodes.address(0)));
    node.host.nodesFile = file;
    client.ask(Control.RELOAD_NODES_FILE);
    assertEquals(NodeFlags.DELETED | NodeFlags.DISCONNECTED, node.flags(1));
    assertEquals(List.of(0), node.core.expand(Pnn.BROADCAST_ALL));
    node.host.nodesFile = TestNodes.addresses(2);
    client.ask(Control.RELOAD_NODES_FILE);
    assertEquals(NodeFlags.UNHEALTHY | NodeFlags.DISCONNECTED, node.flags(1), "undeleted");
    node.host.nodesFile = TestNodes.addresses(1);
    client.ask(Control.RELOAD_NODES_FILE);
    assertEquals(NodeFlags.DELETED | NodeFlags.DISCONNECTED, node.flags(1));
  }

  @Test
  void controlThatWaitsForAReplacedNodeIsAnswered() {
    nodes.member(1).linked.clear();
    int asked = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    List<NodeMap.Node> file = new ArrayList<>(TestNodes.addresses(2));
    file.set(1, new NodeMap.Node(1, 0, TestNodes.address(9)));
    node.host.nodesFile = file;
    client.ask(Control.RELOAD_NODES_FILE);
    assertEquals("node is disconnected", client.reply(asked).error());
  }

  @Test
  void ownAddressCannotChange() {
    List<NodeMap.Node> file = new ArrayList<>(TestNodes.addresses(2));
    file.set(0, new NodeMap.Node(0, 0, TestNodes.address(9)));
    node.host.nodesFile = file;
    assertEquals(-1, client.ask(Control.RELOAD_NODES_FILE).status());
    node.host.nodesFile = List.of();
    assertEquals(-1, client.ask(Control.RELOAD_NODES_FILE).status());
    assertEquals(NodeFlags.UNHEALTHY, node.flags(0));
    assertEquals(List.of(), node.host.changes);
  }

  @Test
  void shutdown() {
    client.noReply(0, Control.SHUTDOWN, 0, Bytes.EMPTY);
    nodes.time.pass(0);
    assertEquals(1, node.host.shutdowns.size());
    assertTrue(node.host.shutdowns.getFirst().startsWith("0 "));
    assertEquals(Runstate.SHUTDOWN, node.core.runstate());
    node.core.setRunstate(Runstate.RUNNING);
    assertEquals(Runstate.SHUTDOWN, node.core.runstate(), "only ever upwards");
    assertEquals(Bytes.ofInt(6), client.ask(Control.GET_RUNSTATE).data());
  }

  @Test
  void vnnMapOfTheNodeIsWhatWasSet() {
    client.ask(Control.SET_RECMODE, Bytes.ofInt(1));
    var map = new VnnMap(77, List.of(1, 0));
    assertEquals(0, client.ask(Control.SETVNNMAP, map.encode()).status());
    assertEquals(map.encode(), client.ask(Control.GETVNNMAP).data());
    assertEquals(77, client.ask(Control.PING).header().generation());
  }
}
