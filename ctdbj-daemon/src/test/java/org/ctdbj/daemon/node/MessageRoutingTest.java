// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqMessage;
import org.ctdbj.protocol.packet.ReqTunnel;
import org.junit.jupiter.api.Test;

/** How messages and tunnel packets find those that want them. */
final class MessageRoutingTest {
  private static final long SRVID = 0xAE00000000000001L;

  private final TestNodes nodes = TestNodes.connected(3);
  private final TestNodes.Member node = nodes.member(0);
  private final TestClient client = node.client();

  @Test
  void messageToTheOwnNodeArrivesAtOnceAndShowsThisNodeAsItsSource() {
    client.register(SRVID);
    client.message(Pnn.CURRENT_NODE, SRVID, "one");
    client.message(0, SRVID, "two");
    assertEquals(List.of("one", "two"), client.messages());
    assertEquals(new Header(1, 0, 0, 0), client.received.getFirst().header());
    assertEquals(SRVID, ((ReqMessage) client.received.getFirst()).srvid());
  }

  @Test
  void broadcastReachesEveryNodeAndTheOwnOneATurnLater() {
    List<TestClient> receivers = new ArrayList<>();
    for (TestNodes.Member member : nodes.members) {
      receivers.add(member.client());
      receivers.getLast().register(SRVID);
    }
    for (int destination :
        new int[] {Pnn.BROADCAST_ALL, Pnn.BROADCAST_ACTIVE, Pnn.BROADCAST_CONNECTED}) {
      client.message(destination, SRVID, "to all");
      assertEquals(List.of(), receivers.getFirst().messages());
      nodes.time.pass(0);
      for (TestClient receiver : receivers) {
        assertEquals(List.of("to all"), receiver.messages());
        receiver.received.clear();
      }
    }
    // A real number in every packet: a broadcast number never leaves a node.
    assertEquals(
        List.of(1, 2, 1, 2, 1, 2),
        node.sent.stream().map(packet -> packet.header().destination()).toList());
  }

  @Test
  void broadcastsLeaveOutWhomTheyAreNotFor() {
    TestClient there = nodes.member(1).client();
    there.register(SRVID);
    nodes.cut(0, 2);
    there.ask(Control.STOP_NODE);
    var flags = new org.ctdbj.protocol.body.NodeFlagChange(1, 0x20, 0);
    client.ask(Control.MODIFY_FLAGS, flags.encode());
    client.message(Pnn.BROADCAST_ACTIVE, SRVID, "active");
    client.message(Pnn.BROADCAST_CONNECTED, SRVID, "connected");
    client.message(Pnn.BROADCAST_ALL, SRVID, "all");
    nodes.time.pass(0);
    assertEquals(List.of("connected", "all"), there.messages());
    assertEquals(2, node.sent.size());
  }

  @Test
  void messageToNobodyIsDropped() {
    nodes.cut(0, 1);
    for (int destination : new int[] {0, 1, 7, Pnn.UNKNOWN, 0xF0000005}) {
      client.message(destination, SRVID, "lost");
    }
    nodes.time.passSeconds(100);
    assertEquals(List.of(), client.received);
  }

  @Test
  void twoRegistrationsOfOneClientDeliverTwice() {
    client.register(SRVID);
    client.register(SRVID);
    client.message(0, SRVID, "x");
    assertEquals(List.of("x", "x"), client.messages());
    assertEquals(0, client.ask(Control.DEREGISTER_SRVID, SRVID, Bytes.EMPTY).status());
    client.received.clear();
    client.message(0, SRVID, "y");
    assertEquals(List.of("y"), client.messages());
    assertEquals(0, client.ask(Control.DEREGISTER_SRVID, SRVID, Bytes.EMPTY).status());
    assertEquals(2, client.ask(Control.DEREGISTER_SRVID, SRVID, Bytes.EMPTY).status());
    client.received.clear();
    client.message(0, SRVID, "z");
    assertEquals(List.of(), client.messages());
  }

  @Test
  void registrationOfAnotherClientIsNotTakenBack() {
    client.register(SRVID);
    TestClient other = node.client();
    assertEquals(2, other.ask(Control.DEREGISTER_SRVID, SRVID, Bytes.EMPTY).status());
    client.message(0, SRVID, "x");
    assertEquals(List.of("x"), client.messages());
  }

  @Test
  void theNewestRegistrationIsServedFirstThenThoseForAllMessages() {
    List<String> order = new ArrayList<>();
    Consumer<Bytes> everything = data -> order.add("all");
    node.core.subscribe(Srvid.ALL, everything);
    node.core.subscribe(SRVID, data -> order.add("first"));
    node.core.subscribe(SRVID, data -> order.add("second"));
    node.core.dispatch(SRVID, Bytes.ofText("x"));
    assertEquals(List.of("second", "first", "all"), order);
    node.core.unsubscribe(Srvid.ALL, everything);
    order.clear();
    node.core.dispatch(SRVID, Bytes.ofText("x"));
    assertEquals(List.of("second", "first"), order);
  }

  @Test
  void whoWantsAllMessagesGetsThoseToThatVeryIdTwice() {
    client.register(Srvid.ALL);
    client.message(0, Srvid.ALL, "x");
    client.message(0, SRVID, "y");
    assertEquals(List.of("x", "x", "y"), client.messages());
    assertEquals(SRVID, ((ReqMessage) client.received.getLast()).srvid());
  }

  @Test
  void registrationDoesNotCountBeforeItsAnswer() {
    client.control(Control.REGISTER_SRVID, SRVID, Bytes.EMPTY);
    client.message(0, SRVID, "too early");
    nodes.time.pass(0);
    client.message(0, SRVID, "now");
    assertEquals(List.of("now"), client.messages());
  }

  @Test
  void unicastsAndBroadcastsOfOneSenderKeepTheirOrderAtAnotherNode() {
    TestClient there = nodes.member(1).client();
    there.register(SRVID);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add("m" + i);
      client.message(i % 3 == 0 ? Pnn.BROADCAST_CONNECTED : 1, SRVID, "m" + i);
    }
    nodes.time.pass(0);
    assertEquals(texts, there.messages());
  }

  @Test
  void aClientThatDoesNotReadLosesItsConnectionAtAMessageOnly() {
    node.core.setTunable(Tunable.MAX_QUEUE_DROP_MSG, 10);
    client.register(SRVID);
    TestClient reader = node.client();
    reader.register(SRVID);
    client.queued = 10;
    client.message(0, SRVID, "still room");
    assertFalse(client.closed);
    client.queued = 11;
    client.ask(Control.PING);
    assertFalse(client.closed);
    reader.message(0, SRVID, "too many");
    assertTrue(client.closed);
    assertEquals(List.of("still room"), client.messages());
    assertEquals(List.of("still room", "too many"), reader.messages());
    assertEquals(1, reader.ask(Control.PING).status());
  }

  @Test
  void theLimitIsUnsigned() {
    node.core.setTunable(Tunable.MAX_QUEUE_DROP_MSG, -1);
    client.register(SRVID);
    client.queued = Integer.MAX_VALUE;
    client.message(0, SRVID, "x");
    assertEquals(List.of("x"), client.messages());
  }

  @Test
  void deathOfAClientEndsItsRegistrations() {
    client.register(SRVID);
    client.register(SRVID);
    client.register(SRVID + 1);
    TestClient other = node.client();
    other.register(SRVID);
    client.close();
    other.message(0, SRVID, "x");
    other.message(0, SRVID + 1, "y");
    assertEquals(List.of(), client.received);
    assertEquals(List.of("x"), other.messages());
    client.message(0, SRVID, "from the dead");
    assertEquals(List.of("x"), other.messages());
  }

  @Test
  void clientMayGoWhileAMessageIsOnItsWay() {
    TestClient victim = node.client();
    client.register(SRVID);
    victim.register(SRVID);
    node.core.subscribe(SRVID, data -> victim.close());
    client.message(0, SRVID, "x");
    assertEquals(List.of("x"), client.messages());
    client.message(0, SRVID, "y");
    assertEquals(List.of("x", "y"), client.messages());
  }

  @Test
  void tunnelHasOneOwnerPerNode() {
    TestClient other = node.client();
    assertEquals(0, client.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY).status());
    assertEquals(-1, other.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY).status());
    assertEquals(-1, client.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY).status());
    assertEquals(-1, other.ask(Control.TUNNEL_DEREGISTER, 5, Bytes.EMPTY).status());
    assertEquals(0, client.ask(Control.TUNNEL_DEREGISTER, 5, Bytes.EMPTY).status());
    assertEquals(-1, client.ask(Control.TUNNEL_DEREGISTER, 5, Bytes.EMPTY).status());
    assertEquals(0, other.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY).status());
    other.close();
    assertEquals(0, client.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY).status());
  }

  private static ReqTunnel tunnel(int destination, long id) {
    return new ReqTunnel(new Header(9, destination, 9, 55), id, 1, Bytes.ofText("t"));
  }

  @Test
  void tunnelPacketReachesTheOwnerAtARealNode() {
    TestClient there = nodes.member(1).client();
    client.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY);
    there.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY);
    TestClient anyone = node.client();
    for (int destination : new int[] {1, 0, Pnn.CURRENT_NODE, Pnn.BROADCAST_ALL, 7}) {
      node.core.clientPacket(anyone.id, tunnel(destination, 5));
    }
    nodes.time.pass(0);
    assertEquals(
        List.of(new ReqTunnel(new Header(1, 0, 1, 0), 5, 1, Bytes.ofText("t"))), there.received);
    assertEquals(
        List.of(new ReqTunnel(new Header(1, 0, 0, 0), 5, 1, Bytes.ofText("t"))), client.received);
  }

  @Test
  void tunnelPacketNeedsAnOwnerAtBothEnds() {
    TestClient there = nodes.member(1).client();
    there.ask(Control.TUNNEL_REGISTER, 5, Bytes.EMPTY);
    node.core.clientPacket(client.id, tunnel(1, 5));
    client.ask(Control.TUNNEL_REGISTER, 6, Bytes.EMPTY);
    node.core.clientPacket(client.id, tunnel(1, 6));
    nodes.time.pass(0);
    assertEquals(List.of(), there.received);
  }

  @Test
  void operationsThatClientsMayNotUseAreIgnored() {
    node.core.clientPacket(
        client.id,
        new org.ctdbj.protocol.packet.ReqKeepalive(new Header(1, 0, 0, 1), 1, 1_000_000));
    node.core.clientPacket(
        client.id,
        new org.ctdbj.protocol.packet.ReplyControl(
            new Header(1, 0, 0, 0x7FFFFF39), 0, Bytes.EMPTY, ""));
    nodes.time.pass(0);
    assertEquals(List.of(), client.received);
    assertEquals(List.of(), node.host.shutdowns);
  }
}
