// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqKeepalive;
import org.ctdbj.protocol.packet.ReqMessage;
import org.junit.jupiter.api.Test;

/** Signs of life, silence, and nodes of other versions. */
final class KeepaliveTest {
  private final TestNodes nodes = TestNodes.connected(2);
  private final TestNodes.Member node = nodes.member(0);

  private static ReqKeepalive keepalive(int version, int uptime) {
    return new ReqKeepalive(new Header(1, 0, 1, 0), version, uptime);
  }

  @Test
  void keepaliveIsSentToConnectedNodesEachInterval() {
    node.core.start();
    nodes.time.passSeconds(11);
    assertEquals(
        List.of(
            new ReqKeepalive(new Header(1, 1, 0, 0), 0x00040011, 5),
            new ReqKeepalive(new Header(1, 1, 0, 0), 0x00040011, 10)),
        node.sent);
    Bytes there = nodes.member(1).client().ask(Control.STATISTICS).data();
    assertEquals(2, there.getInt(32), "keepalive_packets_recv");
    assertEquals(2, there.getInt(24), "node_packets_recv");
    assertEquals(2, node.client().ask(Control.STATISTICS).data().getInt(28));
  }

  @Test
  void nodesThatTalkStayConnected() {
    nodes.start();
    nodes.time.passSeconds(1000);
    assertEquals(NodeFlags.UNHEALTHY, node.flags(1));
    assertEquals(List.of(), node.restarted);
  }

  @Test
  void silentNodeIsGivenUpAfterTheLimit() {
    node.core.start();
    TestClient client = node.client();
    nodes.member(1).linked.clear();
    nodes.time.passSeconds(29);
    assertFalse(TestNodes.disconnected(node.flags(1)));
    node.linked.clear();
    int asked = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    nodes.time.passSeconds(1);
    assertEquals(NodeFlags.DISCONNECTED | NodeFlags.UNHEALTHY, node.flags(1));
    assertEquals(List.of(1), node.restarted);
    assertEquals("node is disconnected", client.reply(asked).error());
    nodes.time.passSeconds(1000);
    assertEquals(List.of(1), node.restarted, "given up once");
  }

  @Test
  void reconnectedNodeGetsItsWholeTimeAgain() {
    node.core.start();
    nodes.member(1).linked.clear();
    nodes.time.passSeconds(200);
    node.linked.add(1);
    node.core.linkUp(1);
    nodes.time.passSeconds(20);
    assertFalse(TestNodes.disconnected(node.flags(1)));
    nodes.time.passSeconds(15);
    assertTrue(TestNodes.disconnected(node.flags(1)));
  }

  @Test
  void everyPacketIsASignOfLifeButACallThatOthersPassedOn() {
    node.core.start();
    nodes.member(1).linked.clear();
    for (int i = 0; i < 60; i++) {
      node.core.nodePacket(new ReqMessage(new Header(1, 0, 1, 0), 1, Bytes.EMPTY));
      nodes.time.passSeconds(1);
    }
    assertFalse(TestNodes.disconnected(node.flags(1)));
    for (int i = 0; i < 60; i++) {
      node.core.nodePacket(call(1));
      nodes.time.passSeconds(1);
    }
    assertTrue(TestNodes.disconnected(node.flags(1)));
    node.core.linkUp(1);
    for (int i = 0; i < 60; i++) {
      node.core.nodePacket(call(0));
      nodes.time.passSeconds(1);
    }
    assertFalse(TestNodes.disconnected(node.flags(1)));
  }

  private static ReqCall call(int hops) {
    return new ReqCall(
        new Header(99, 0, 1, 5), 0, 1, 0xFF000001, hops, Bytes.ofText("k"), Bytes.EMPTY);
  }

  @Test
  void theYoungerOfTwoVersionsEnds() {
    nodes.time.passSeconds(50);
    int own = ProtocolVersion.SAMBA_4_17;
    node.core.nodePacket(keepalive(own, 1_000_000));
    node.core.nodePacket(keepalive(own + 1, 49));
    node.core.nodePacket(keepalive(own - 1, 50));
    assertEquals(List.of(), node.host.shutdowns);
    node.core.nodePacket(keepalive(own + 1, 50));
    assertEquals(1, node.host.shutdowns.size());
    node.core.nodePacket(keepalive(own - 1, 51));
    assertEquals(2, node.host.shutdowns.size());
    assertTrue(node.host.shutdowns.getFirst().startsWith("0 "), "exit status 0");
    assertTrue(node.host.shutdowns.getFirst().contains("4.18"), node.host.shutdowns.getFirst());
  }

  @Test
  void uptimeIsUnsigned() {
    node.core.nodePacket(keepalive(ProtocolVersion.SAMBA_4_17 + 1, -1));
    assertEquals(1, node.host.shutdowns.size());
  }

  @Test
  void keepaliveWithoutAVersionIsFromAnAncestor() {
    nodes.time.passSeconds(50);
    node.core.nodePacket(keepalive(0, 0));
    assertEquals(1, node.host.shutdowns.size());
  }

  @Test
  void mixedVersionsCanBeAllowed() {
    node.core.setTunable(Tunable.ALLOW_MIXED_VERSIONS, 1);
    node.core.nodePacket(keepalive(ProtocolVersion.SAMBA_4_17 + 1, 1_000_000));
    node.core.nodePacket(keepalive(0, 0));
    assertEquals(List.of(), node.host.shutdowns);
  }

  @Test
  void anIntervalOfZeroLeavesTimeForOtherThings() {
    node.core.setTunable(Tunable.KEEPALIVE_INTERVAL, 0);
    node.core.setTunable(Tunable.KEEPALIVE_LIMIT, -1);
    node.core.setTunable(Tunable.STAT_HISTORY_INTERVAL, 0);
    node.core.start();
    nodes.time.passSeconds(10);
    assertEquals(10, node.sent.size());
  }

  @Test
  void stoppedNodeIsSilent() {
    node.core.start();
    node.core.stop();
    nodes.time.passSeconds(100);
    assertEquals(List.of(), node.sent);
  }
}
