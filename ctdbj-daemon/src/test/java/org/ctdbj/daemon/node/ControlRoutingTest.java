// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.recovery.ControlResult;
import org.junit.jupiter.api.Test;

/** How controls find the node that executes them, and their answers the client. */
final class ControlRoutingTest {
  private static final int MULTICAST = 0xF0000005;

  private final TestNodes nodes = TestNodes.connected(2);
  private final TestNodes.Member node = nodes.member(0);
  private final TestClient client = node.client();

  private static void assertFailed(String error, ReplyControl reply) {
    assertEquals(-1, reply.status());
    assertEquals(Bytes.EMPTY, reply.data());
    assertEquals(error, reply.error());
  }

  @Test
  void localControlIsExecutedATurnLater() {
    int asked = client.control(Control.GET_PID, 0, Bytes.EMPTY);
    assertNull(client.reply(asked));
    nodes.time.pass(0);
    assertEquals(4711, client.reply(asked).status());
  }

  @Test
  void clientSeesItsReqidAndThisNodeAsTheSource() {
    nodes.member(1).core.setRunstate(org.ctdbj.protocol.Runstate.RUNNING);
    ReplyControl reply = client.ask(1, Control.GET_RUNSTATE.number(), 0, Bytes.EMPTY);
    assertEquals(new Header(1, 0, 0, 1), reply.header());
    assertEquals(Bytes.ofInt(5), reply.data());
  }

  @Test
  void forwardedControlHasHeaderFieldsOfThisNode() {
    client.control(1, Control.GET_PNN.number(), 9, 0, Bytes.ofText("any"));
    var forwarded = (ReqControl) node.sent.getFirst();
    assertEquals(1, forwarded.header().destination());
    assertEquals(0, forwarded.header().source());
    assertEquals(1, forwarded.header().generation());
    assertEquals(client.id, forwarded.clientId());
    assertEquals(9, forwarded.srvid());
    assertEquals(Bytes.ofText("any"), forwarded.data());
    nodes.time.pass(0);
    assertEquals(1, client.reply(1).status());
  }

  @Test
  void clientsWithTheSameReqidGetTheirOwnAnswers() {
    TestClient other = node.client();
    int one = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    int two = other.control(0, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    assertEquals(one, two);
    nodes.time.pass(0);
    assertEquals(1, client.reply(one).status());
    assertEquals(0, other.reply(two).status());
  }

  @Test
  void broadcastWithoutNoReplyIsNeitherExecutedNorAnswered() {
    for (int destination :
        new int[] {Pnn.BROADCAST_ALL, Pnn.BROADCAST_ACTIVE, Pnn.BROADCAST_CONNECTED}) {
      int asked = client.control(destination, Control.DISABLE_NODE.number(), 0, 0, Bytes.EMPTY);
      nodes.time.passSeconds(100);
      assertNull(client.reply(asked));
    }
    assertEquals(2, node.flags(0));
    assertEquals(List.of(), node.sent);
  }

  @Test
  void broadcastWithNoReplyIsExecutedByEveryNode() {
    client.noReply(Pnn.BROADCAST_CONNECTED, Control.DISABLE_NODE, 0, Bytes.EMPTY);
    nodes.time.pass(0);
    assertEquals(List.of(), client.received);
    assertEquals(6, nodes.member(0).flags(0));
    assertEquals(6, nodes.member(1).flags(1));
    assertEquals(1, node.sent.getFirst().header().destination());
  }

  @Test
  void destinationThatIsNoneOrDisconnected() {
    nodes.cut(0, 1);
    for (int destination : new int[] {1, 7, MULTICAST, Pnn.UNKNOWN}) {
      assertFailed(
          "ctdb_control to disconnected node",
          client.ask(destination, Control.GET_PNN.number(), 0, Bytes.EMPTY));
      client.noReply(destination, Control.GET_PNN, 0, Bytes.EMPTY);
      nodes.time.pass(0);
      assertEquals(List.of(), client.received);
    }
  }

  @Test
  void noAnswerInTime() {
    nodes.member(1).linked.clear();
    int asked = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    var request = (ReqControl) node.sent.getFirst();
    nodes.time.passSeconds(59);
    assertNull(client.reply(asked));
    nodes.time.passSeconds(1);
    assertFailed("ctdb_control timed out", client.reply(asked));
    assertEquals(1, client.ask(Control.STATISTICS).data().getInt(92));
    int answers = client.received.size();
    node.core.nodePacket(
        new ReplyControl(new Header(1, 0, 1, request.header().reqid()), 0, Bytes.EMPTY, ""));
    assertEquals(answers, client.received.size());
  }

  @Test
  void onlyTheNodeThatWasAskedAnswers() {
    nodes.member(1).linked.clear();
    int asked = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    int reqid = ((ReqControl) node.sent.getFirst()).header().reqid();
    node.core.nodePacket(new ReplyControl(new Header(1, 0, 2, reqid), 7, Bytes.EMPTY, ""));
    assertNull(client.reply(asked));
    node.core.nodePacket(new ReplyControl(new Header(1, 0, 1, reqid), 1, Bytes.EMPTY, ""));
    assertEquals(1, client.reply(asked).status());
  }

  @Test
  void controlTimeoutZeroWaitsForEver() {
    node.core.setTunable(Tunable.CONTROL_TIMEOUT, 0);
    nodes.member(1).linked.clear();
    int asked = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    nodes.time.passSeconds(100_000);
    assertNull(client.reply(asked));
    nodes.cut(0, 1);
    assertFailed("node is disconnected", client.reply(asked));
  }

  @Test
  void nodeDiesMeanwhile() {
    nodes.member(1).linked.clear();
    int asked = client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    int local = client.control(0, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    nodes.cut(0, 1);
    assertFailed("node is disconnected", client.reply(asked));
    nodes.time.pass(0);
    assertEquals(0, client.reply(local).status());
  }

  @Test
  void replyOfANodeForTheClientThatHasGoneIsDropped() {
    client.control(1, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    client.control(0, Control.GET_PNN.number(), 0, 0, Bytes.EMPTY);
    client.close();
    nodes.time.passSeconds(100);
    assertEquals(List.of(), client.received);
  }

  @Test
  void controlFromANodeIsExecutedWhateverItsDestinationAndAnsweredToItsSource() {
    node.core.nodePacket(
        new ReqControl(
            new Header(123456, 55, 1, 17), Control.GET_PID.number(), 0, 0, 0, Bytes.EMPTY));
    var reply = (ReplyControl) node.sent.getFirst();
    assertEquals(new Header(1, 1, 0, 17), reply.header());
    assertEquals(4711, reply.status());
    node.sent.clear();
    node.core.nodePacket(
        new ReqControl(new Header(1, 0, 9, 17), Control.GET_PID.number(), 0, 0, 0, Bytes.EMPTY));
    node.core.nodePacket(
        new ReqControl(
            new Header(1, 0, 1, 18),
            Control.GET_PID.number(),
            0,
            0,
            ControlFlags.NOREPLY,
            Bytes.EMPTY));
    assertEquals(List.of(), node.sent);
  }

  @Test
  void controlOfARemoteClientIsNoneOfALocalOne() {
    node.core.nodePacket(
        new ReqControl(
            new Header(1, 0, 1, 17),
            Control.REGISTER_SRVID.number(),
            0xAE01,
            client.id,
            0,
            Bytes.EMPTY));
    assertEquals(-1, ((ReplyControl) node.sent.getFirst()).status());
    client.message(0, 0xAE01, "x");
    assertEquals(List.of(), client.messages());
  }

  @Test
  void unknownAndObsoleteOpcodesAndOneLineForEach() {
    for (int round = 0; round < 3; round++) {
      for (int opcode : new int[] {2, 31, 34, 116, 159, 163, 999, -1, Integer.MIN_VALUE}) {
        assertFailed("", client.ask(0, opcode, 0, Bytes.ofText("any")));
      }
    }
    assertEquals(9, node.log.stream().filter(line -> line.contains("not served")).count());
  }

  @Test
  void theLogOfUnknownOpcodesEnds() {
    for (int opcode = 1000; opcode < 3000; opcode++) {
      client.control(0, opcode, 0, ControlFlags.NOREPLY, Bytes.EMPTY);
    }
    nodes.time.pass(0);
    assertEquals(20, node.log.stream().filter(line -> line.contains("not served")).count());
  }

  @Test
  void bodiesOfTheWrongSize() {
    for (Control control : Control.values()) {
      if (node.core.controls().handler(control) == null || control == Control.SHUTDOWN) {
        continue;
      }
      if (control.requestSize().isPresent()) {
        int size = control.requestSize().getAsInt();
        assertFailed("", client.ask(control, Bytes.of(new byte[size + 1])));
      }
      if (control.minRequestSize() > 0) {
        assertFailed("", client.ask(control, Bytes.of(new byte[control.minRequestSize() - 1])));
      }
    }
    assertEquals(List.of(), node.databases.done);
  }

  @Test
  void handlerThatFailsIsAnsweredForAndReported() {
    node.core
        .controls()
        .register(
            Control.DB_VACUUM,
            request -> {
              throw new IllegalStateException("broken part");
            });
    assertFailed("", client.ask(Control.DB_VACUUM, Bytes.of(new byte[5])));
    assertTrue(node.log.stream().anyMatch(line -> line.contains("broken part")));
  }

  @Test
  void secondAnswerIsABug() {
    List<ControlRequest> requests = new ArrayList<>();
    node.core.controls().register(Control.DB_VACUUM, requests::add);
    int asked = client.control(Control.DB_VACUUM, 0, Bytes.of(new byte[5]));
    nodes.time.pass(0);
    assertNull(client.reply(asked));
    requests.getFirst().fail("later");
    assertThrows(IllegalStateException.class, () -> requests.getFirst().reply(0));
    nodes.time.pass(0);
    assertFailed("later", client.reply(asked));
  }

  @Test
  void aControlHasOneHandler() {
    assertThrows(
        IllegalStateException.class,
        () -> node.core.controls().register(Control.PING, request -> request.reply(0)));
  }

  @Test
  void controlOfThisNodeIsAnsweredNeverInsideTheCall() {
    List<ControlResult> results = new ArrayList<>();
    node.core.control(7, Control.PING, 0, 0, 0, Bytes.EMPTY, 3, results::add);
    node.core.control(0, Control.PING, 0, 0, 0, Bytes.EMPTY, 3, results::add);
    assertEquals(List.of(), results);
    nodes.time.pass(0);
    assertEquals(
        List.of(
            ControlResult.failed("ctdb_control to disconnected node"),
            ControlResult.of(1, Bytes.EMPTY, "")),
        results);
  }

  @Test
  void controlWithAnAnswerIsNeverSentAsOneWithout() {
    List<ControlResult> results = new ArrayList<>();
    int flags = ControlFlags.ATTACH_RECOVERY | ControlFlags.NOREPLY;
    node.core.control(1, Control.PING, 0, 0, flags, Bytes.EMPTY, 3, results::add);
    assertEquals(ControlFlags.ATTACH_RECOVERY, ((ReqControl) node.sent.getFirst()).flags());
    nodes.time.pass(0);
    assertEquals(1, results.size());
  }

  @Test
  void nothingIsLeftOfAControlThatWasAnswered() {
    client.ask(1, Control.GET_PNN.number(), 0, Bytes.EMPTY);
    int reqid = node.sent.getFirst().header().reqid();
    assertNull(node.core.reqids().find(reqid, Object.class));
    nodes.time.passSeconds(100);
    assertEquals(0, client.ask(Control.STATISTICS).data().getInt(92), "timeouts.control");
    client.close();
    assertNull(node.core.reqids().find(client.id, Object.class));
  }

  @Test
  void controlsAreExecutedInTheOrderOfTheirArrival() {
    for (int i = 0; i < 5; i++) {
      client.control(Control.REGISTER_SRVID, 100 + i, Bytes.EMPTY);
      client.control(Control.PING, 0, Bytes.EMPTY);
    }
    nodes.time.pass(0);
    List<Integer> reqids = new ArrayList<>();
    for (Packet packet : client.received) {
      reqids.add(packet.header().reqid());
    }
    assertEquals(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), reqids);
  }

  @Test
  void localControlsCountAsPacketsBetweenNodes() {
    Bytes before = client.ask(Control.STATISTICS).data();
    client.ask(Control.PING);
    Bytes after = client.ask(Control.STATISTICS).data();
    assertEquals(2, after.getInt(60) - before.getInt(60), "node.req_control");
    assertEquals(2, after.getInt(64) - before.getInt(64), "node.reply_control");
    assertEquals(2, after.getInt(80) - before.getInt(80), "client.req_control");
    assertEquals(4, after.getInt(20) - before.getInt(20), "node_packets_sent");
    assertEquals(0, after.getInt(24) - before.getInt(24), "node_packets_recv");
    assertEquals(2, after.getInt(12) - before.getInt(12), "client_packets_sent");
    assertEquals(2, after.getInt(16) - before.getInt(16), "client_packets_recv");
  }

  @Test
  void theRecoveryCoreIsAClient() {
    assertEquals(1, client.ask(Control.PING).status());
    var core = node.core.internalClient();
    assertEquals(2, client.ask(Control.PING).status());
    List<String> texts = new ArrayList<>();
    core.subscribe(Srvid.LEADER, (srvid, data) -> texts.add(data.text()));
    List<ControlResult> results = new ArrayList<>();
    core.control(1, Control.GET_PNN, 0, 0, Bytes.EMPTY, 5, results::add);
    core.message(Pnn.BROADCAST_CONNECTED, Srvid.LEADER, Bytes.ofText("me"));
    assertEquals(List.of(), texts);
    nodes.time.pass(0);
    assertEquals(List.of("me"), texts);
    assertEquals(1, results.getFirst().status());
    Bytes statistics = client.ask(Control.STATISTICS).data();
    assertEquals(5, statistics.getInt(16), "client_packets_recv");
    assertEquals(4, statistics.getInt(12), "client_packets_sent, before this answer");
    assertNotNull(node.core.internalClient());
    assertEquals(2, client.ask(Control.PING).status(), "the successor takes its place");
    client.message(0, Srvid.LEADER, "for nobody");
    assertEquals(List.of("me"), texts);
  }
}
