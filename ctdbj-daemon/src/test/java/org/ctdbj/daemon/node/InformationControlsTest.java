// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.PublicIp;
import org.ctdbj.protocol.body.TickleList;
import org.ctdbj.protocol.body.TunableName;
import org.ctdbj.protocol.body.TunableSetting;
import org.ctdbj.protocol.packet.ReplyControl;
import org.junit.jupiter.api.Test;

/** What a node tells about itself, compared with what ctdbd 4.17 answered to the same requests. */
final class InformationControlsTest {
  private final TestNodes nodes = TestNodes.connected(2);
  private final TestNodes.Member node = nodes.member(0);
  private final TestClient client = node.client();

  private ReplyControl get(Bytes name) {
    return client.ask(Control.GET_TUNABLE, name);
  }

  private int set(String name, int value) {
    return client.ask(Control.SET_TUNABLE, new TunableSetting(name, value).encode()).status();
  }

  @Test
  void numbersThatTravelInTheStatus() {
    assertEquals(1, client.ask(Control.PING).status());
    TestClient other = node.client();
    assertEquals(2, client.ask(Control.PING).status());
    other.close();
    assertEquals(1, client.ask(Control.PING).status());
    assertEquals(4711, client.ask(Control.GET_PID, Bytes.ofText("any")).status());
    assertEquals(0, client.ask(Control.GET_PNN, Bytes.ofText("any")).status());
    assertEquals(1, client.ask(1, Control.GET_PNN.number(), 0, Bytes.EMPTY).status());
  }

  @Test
  void tunableIsFoundByItsNameInAnyCaseWithOrWithoutNul() {
    assertEquals(Bytes.ofInt(30), get(new TunableName("RECOVERTIMEOUT").encode()).data());
    Bytes without = new ByteWriter(18).putInt(14).put(Bytes.ofText("recovertimeout")).toBytes();
    assertEquals(Bytes.ofInt(30), get(without).data());
  }

  @Test
  void unknownAndMalformedNamesOfTunables() {
    assertEquals(-22, get(new TunableName("abcd").encode()).status());
    assertEquals(-22, get(new TunableName("RecoverTimeou").encode()).status());
    assertEquals(-1, get(new ByteWriter(7).putInt(3).put(Bytes.ofText("abc")).toBytes()).status());
    assertEquals(
        -1, get(new ByteWriter(9).putInt(50).put(Bytes.ofText("abcde")).toBytes()).status());
    assertEquals(
        -1, get(new ByteWriter(9).putInt(-1).put(Bytes.ofText("abcde")).toBytes()).status());
  }

  @Test
  void tunablesAreSet() {
    assertEquals(0, set("controltimeout", 7));
    assertEquals(Bytes.ofInt(7), get(new TunableName("ControlTimeout").encode()).data());
    assertEquals(7, node.core.tunable(Tunable.CONTROL_TIMEOUT));
    assertEquals(1, set("MaxRedirectCount", 9), "obsolete");
    assertEquals(Bytes.ofInt(9), get(new TunableName("MaxRedirectCount").encode()).data());
    assertEquals(-1, set("NoSuchTunable", 9));
    TunableValues all = TunableValues.decode(client.ask(Control.GET_ALL_TUNABLES).data());
    assertEquals(
        TunableValues.defaults()
            .with(Tunable.CONTROL_TIMEOUT, 7)
            .with(Tunable.MAX_REDIRECT_COUNT, 9),
        all);
    assertEquals(60, nodes.member(1).core.tunable(Tunable.CONTROL_TIMEOUT));
  }

  @Test
  void namesOfTunables() {
    Bytes list = client.ask(Control.LIST_TUNABLES, Bytes.ofText("any")).data();
    assertEquals(819, list.getInt(0));
    assertEquals(823, list.length());
    assertTrue(list.from(4).text().startsWith(":SeqnumInterval:ControlTimeout:"));
    assertEquals(0, list.get(822));
  }

  @Test
  void logLevel() {
    assertEquals(Bytes.ofInt(3), client.ask(Control.GET_DEBUG).data());
    assertEquals(0, client.ask(Control.SET_DEBUG, Bytes.ofInt(10)).status());
    assertEquals(10, node.host.debugLevel);
  }

  @Test
  void capabilitiesAndTheRolesAmongThem() {
    assertEquals(Bytes.ofInt(0x30003), client.ask(Control.GET_CAPABILITIES).data());
    client.ask(Control.SET_LMASTERROLE, Bytes.ofInt(0));
    assertEquals(Bytes.ofInt(0x30001), client.ask(Control.GET_CAPABILITIES).data());
    client.ask(Control.SET_RECMASTERROLE, Bytes.ofInt(0));
    assertEquals(0x30000, node.core.capabilities());
    client.ask(Control.SET_LMASTERROLE, Bytes.ofInt(9));
    client.ask(Control.SET_RECMASTERROLE, Bytes.ofInt(1));
    assertEquals(0x30003, node.core.capabilities());
  }

  @Test
  void memoryReportHasNoNul() {
    assertEquals(Bytes.ofText("full talloc report\n"), client.ask(Control.DUMP_MEMORY).data());
  }

  @Test
  void echo() {
    Bytes body = new ByteWriter(11).putInt(5).putInt(3).put(Bytes.ofText("abc")).toBytes();
    assertEquals(body, client.ask(Control.ECHO_DATA, body).data());
    Bytes more = new ByteWriter(12).put(body).put(Bytes.ofText("d")).toBytes();
    assertEquals(body, client.ask(Control.ECHO_DATA, more).data());
    assertEquals(-1, client.ask(Control.ECHO_DATA, body.slice(0, 10)).status());
    assertEquals(-1, client.ask(Control.ECHO_DATA, body.slice(0, 3)).status());
  }

  @Test
  void addressesOfANodeWithoutPublicOnes() {
    Bytes address = new PublicIp(0, TestNodes.address(9)).encode().from(4);
    Bytes none = Bytes.ofInt(0);
    assertEquals(none, client.ask(Control.GET_PUBLIC_IPS).data());
    assertEquals(none, client.ask(Control.GET_IFACES).data());
    assertEquals(-1, client.ask(Control.GET_PUBLIC_IP_INFO, address).status());
    assertEquals(1, client.ask(Control.GET_TCP_TICKLE_LIST, address).status());
    Bytes tickles = new TickleList(TestNodes.address(9), List.of()).encode();
    assertEquals(1, client.ask(Control.SET_TCP_TICKLE_LIST, tickles).status());
    byte[] damaged = tickles.toByteArray();
    damaged[28] = 5;
    assertEquals(-1, client.ask(Control.SET_TCP_TICKLE_LIST, Bytes.of(damaged)).status());
    for (int pnn : new int[] {0, 1, -1}) {
      Bytes ip = new PublicIp(pnn, TestNodes.address(9)).encode();
      assertEquals(0, client.ask(Control.RELEASE_IP, ip).status());
      assertEquals(pnn == 0 ? 0 : -1, client.ask(Control.TAKEOVER_IP, ip).status());
    }
    Bytes connection = Bytes.of(new byte[56]);
    assertEquals(0, client.ask(Control.TCP_CLIENT, connection).status());
    assertEquals(0, client.ask(Control.TCP_ADD, connection).status());
    assertEquals(0, client.ask(Control.TCP_ADD_DELAYED_UPDATE, connection).status());
    assertEquals(0, client.ask(Control.TCP_REMOVE, connection).status());
    assertEquals(0, client.ask(Control.IPREALLOCATED).status());
    assertEquals(0, client.ask(Control.START_IPREALLOCATE).status());
  }

  @Test
  void controlsOfTheRecoveryCore() {
    assertEquals(0, client.ask(Control.RECD_PING).status());
    Bytes half = Bytes.ofLong(Double.doubleToLongBits(0.5));
    assertEquals(0, client.ask(Control.RECD_RECLOCK_LATENCY, half).status());
    Bytes statistics = client.ask(Control.STATISTICS).data();
    assertEquals(1, statistics.getInt(136));
    assertEquals(0.5, Double.longBitsToDouble(statistics.getLong(144)));
    assertEquals(0, client.ask(Control.STARTUP).status());
  }

  @Test
  void statisticsAreWhereCtdbdHasThem() {
    NodeStatistics counting = node.core.statistics();
    int value = 1000;
    for (Counter counter : Counter.values()) {
      if (counter.offset() > 88) {
        counting.add(counter, value + counter.offset());
      }
    }
    counting.latency(NodeStatistics.LatencyKind.RECLOCK_CTDBD, 1.5);
    counting.latency(NodeStatistics.LatencyKind.CALL, 2);
    counting.latency(NodeStatistics.LatencyKind.CALL, 4);
    counting.latency(NodeStatistics.LatencyKind.CHILDWRITE, 8);
    for (double seconds : new double[] {0.0005, 0.001, 0.5, 63.9, 64}) {
      counting.latency(NodeStatistics.LatencyKind.LOCKS, seconds);
    }
    nodes.time.passSeconds(3);
    Bytes body = client.ask(Control.STATISTICS).data();
    assertEquals(488, body.length());
    assertEquals(1, body.getInt(0), "num_clients");
    assertEquals(0, body.getInt(4), "frozen");
    assertEquals(1, body.getInt(8), "recovering");
    assertEquals(123456, body.getInt(296), "memory_used");
    for (Counter counter : Counter.values()) {
      if (counter.offset() > 88) {
        assertEquals(value + counter.offset(), body.getInt(counter.offset()), counter.name());
      }
    }
    assertLatency(body, 104, 1, 1.5, 1.5, 1.5);
    assertLatency(body, 136, 0, 0, 0, 0);
    assertLatency(body, 376, 2, 2, 4, 6);
    assertLatency(body, 408, 1, 8, 8, 8);
    assertEquals(5, body.getInt(184));
    int[] buckets = {1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
    for (int i = 0; i < buckets.length; i++) {
      assertEquals(buckets[i], body.getInt(216 + 4 * i), "lock bucket " + i);
    }
    assertEquals(body.getLong(448) + 3, body.getLong(464), "start and current time");
  }

  private static void assertLatency(
      Bytes body, int offset, int count, double min, double max, double total) {
    assertEquals(count, body.getInt(offset));
    assertEquals(min, Double.longBitsToDouble(body.getLong(offset + 8)));
    assertEquals(max, Double.longBitsToDouble(body.getLong(offset + 16)));
    assertEquals(total, Double.longBitsToDouble(body.getLong(offset + 24)));
  }

  @Test
  void hopsAreCountedByTheLengthOfTheirNumber() {
    for (int hops : new int[] {0, 1, 2, 3, 4, 100_000}) {
      node.core.statistics().hops(hops);
    }
    Bytes body = client.ask(Control.STATISTICS).data();
    assertEquals(100_000, body.getInt(304), "max_hop_count");
    assertEquals(1, body.getInt(308));
    assertEquals(1, body.getInt(312));
    assertEquals(2, body.getInt(316));
    assertEquals(1, body.getInt(320));
    assertEquals(1, body.getInt(308 + 15 * 4), "the last one has all that are longer");
  }

  @Test
  void resetStartsAnewButForWhatIsGoingOn() {
    node.core.statistics().add(Counter.PENDING_CALLS, 2);
    node.core.statistics().add(Counter.TOTAL_CALLS, 5);
    nodes.time.passSeconds(10);
    assertEquals(0, client.ask(Control.STATISTICS_RESET).status());
    Bytes body = client.ask(Control.STATISTICS).data();
    assertEquals(0, body.getInt(280), "total_calls");
    assertEquals(2, body.getInt(284), "pending_calls");
    assertEquals(1, body.getInt(80), "client.req_control");
    assertEquals(body.getLong(448), body.getLong(464));
    assertEquals(List.of("reset"), node.databases.done);
  }

  @Test
  void historyHasWhatEachIntervalBrought() {
    node.core.start();
    client.ask(Control.PING);
    nodes.time.passSeconds(1);
    client.ask(Control.PING);
    client.ask(Control.PING);
    nodes.time.passSeconds(1);
    Bytes body = client.ask(Control.GET_STAT_HISTORY).data();
    assertEquals(48808, body.length());
    assertEquals(100, body.getInt(0));
    assertEquals(2, body.getInt(8 + 80), "client.req_control of the newest");
    assertEquals(1, body.getInt(8 + 488 + 80));
    assertEquals(body.getLong(8 + 448) + 1, body.getLong(8 + 464), "one second");
    assertEquals(body.getLong(8 + 448), body.getLong(8 + 488 + 464), "one after the other");
    assertEquals(0, body.getInt(8), "num_clients is filled in for STATISTICS only");
    assertEquals(0, body.getLong(8 + 2 * 488 + 464), "unused");
    assertEquals(4, client.ask(Control.STATISTICS).data().getInt(80) - 1, "the total runs on");
  }

  @Test
  void historyForgetsTheOldest() {
    node.core.start();
    client.ask(Control.PING);
    nodes.time.passSeconds(100);
    int oldest = 8 + 99 * 488 + 80;
    assertEquals(1, client.ask(Control.GET_STAT_HISTORY).data().getInt(oldest));
    nodes.time.passSeconds(1);
    Bytes body = client.ask(Control.GET_STAT_HISTORY).data();
    assertEquals(0, body.getInt(oldest));
    assertEquals(48808, body.length());
  }

  @Test
  void whatEndsInALaterIntervalLeavesNoNegativeNumber() {
    node.core.start();
    node.core.statistics().add(Counter.PENDING_CALLS, 1);
    nodes.time.passSeconds(1);
    node.core.statistics().add(Counter.PENDING_CALLS, -1);
    nodes.time.passSeconds(1);
    Bytes body = client.ask(Control.GET_STAT_HISTORY).data();
    assertEquals(0, body.getInt(8 + 284));
    assertEquals(1, body.getInt(8 + 488 + 284));
    assertEquals(0, client.ask(Control.STATISTICS).data().getInt(284));
  }
}
