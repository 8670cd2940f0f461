// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.BanState;
import org.ctdbj.protocol.body.Connection;
import org.ctdbj.protocol.body.DatabaseMap;
import org.ctdbj.protocol.body.DatabaseStatistics;
import org.ctdbj.protocol.body.EchoData;
import org.ctdbj.protocol.body.Iface;
import org.ctdbj.protocol.body.IfaceList;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.PublicIp;
import org.ctdbj.protocol.body.PublicIpInfo;
import org.ctdbj.protocol.body.PublicIpList;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.protocol.body.Statistics;
import org.ctdbj.protocol.body.StatisticsHistory;
import org.ctdbj.protocol.body.TickleList;
import org.ctdbj.protocol.body.TraverseStart;
import org.ctdbj.protocol.body.TraverseStartExt;
import org.ctdbj.protocol.body.TunableName;
import org.ctdbj.protocol.body.TunableNames;
import org.ctdbj.protocol.body.TunableSetting;
import org.ctdbj.protocol.body.Uptime;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqCall;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every table and body of this module against a running ctdbd. */
@Tag("interop")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RealDaemonTest {
  private static final SockAddr PUBLIC_V4 = address("10.77.0.1", 0);

  @TempDir private static Path base;

  private static RealDaemon daemon;
  private static int databaseId;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Files.isExecutable(RealDaemon.PROGRAM), "needs Samba's ctdbd (Debian package ctdb)");
    daemon = RealDaemon.start(base);
    // Answered after the first recovery: from here on the node is in order.
    databaseId = daemon.ask(Control.DB_ATTACH, Bytes.ofTerminated("wtest.tdb")).getInt(0);
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    if (daemon != null) {
      daemon.stop();
    }
  }

  @Test
  void controlsOfAnotherSizeAreRefused() throws IOException {
    for (Control control : Control.values()) {
      if (control.status() != Control.Status.CURRENT || control.requestSize().isEmpty()) {
        continue;
      }
      int size = control.requestSize().getAsInt();
      for (int wrong : size == 0 ? List.of(1) : List.of(size - 1, size + 1)) {
        ReplyControl reply = daemon.control(control, Bytes.of(new byte[wrong]));
        assertEquals(-1, reply.status(), () -> control + " with " + wrong + " bytes");
      }
    }
  }

  @Test
  void controlsThatItDoesNotServe() throws IOException {
    for (int opcode = 0; opcode < 170; opcode++) {
      Control control = Control.of(opcode);
      if (control == null || control.status() != Control.Status.CURRENT) {
        ReplyControl reply = daemon.control(opcode, 0, 0, Bytes.EMPTY);
        assertEquals(-1, reply.status(), "control " + opcode);
        assertEquals(Bytes.EMPTY, reply.data(), "control " + opcode);
        assertEquals("", reply.error(), "control " + opcode);
      }
    }
  }

  @Test
  void attach() {
    assertEquals(0x7b48f3cd, databaseId);
  }

  @Test
  void tunables() throws IOException {
    assertEquals(TunableNames.all().encode(), daemon.ask(Control.LIST_TUNABLES, Bytes.EMPTY));
    for (Tunable tunable : Tunable.values()) {
      Bytes value = daemon.ask(Control.GET_TUNABLE, new TunableName(tunable.wireName()).encode());
      assertEquals(tunable.defaultValue(), value.getInt(0), tunable.wireName());
    }
    assertEquals(
        -22, daemon.control(Control.GET_TUNABLE, new TunableName("NoSuch").encode()).status());
    // Unknown and malformed have different answers.
    Bytes least = new ByteWriter(8).putInt(4).put(Bytes.ofText("None")).toBytes();
    assertEquals(least.length(), Control.GET_TUNABLE.minRequestSize());
    assertEquals(-22, daemon.control(Control.GET_TUNABLE, least).status());
    Bytes less = new ByteWriter(7).putInt(3).put(Bytes.ofText("Non")).toBytes();
    assertEquals(-1, daemon.control(Control.GET_TUNABLE, less).status());
  }

  @Test
  void allTunables() throws IOException {
    for (Tunable tunable : Tunable.values()) {
      ReplyControl reply =
          daemon.control(
              Control.SET_TUNABLE,
              new TunableSetting(tunable.wireName(), tunable.defaultValue()).encode());
      assertEquals(tunable.obsolete() ? 1 : 0, reply.status(), tunable.wireName());
    }
    TunableValues values =
        rewritten(Control.GET_ALL_TUNABLES, TunableValues::decode, TunableValues::encode);
    assertEquals(TunableValues.defaults(), values);
  }

  @Test
  void maps() throws IOException {
    VnnMap vnnMap = rewritten(Control.GETVNNMAP, VnnMap::decode, VnnMap::encode);
    assertEquals(List.of(0), vnnMap.lmasters());

    DatabaseMap databases = rewritten(Control.GET_DBMAP, DatabaseMap::decode, DatabaseMap::encode);
    assertTrue(databases.entries().contains(new DatabaseMap.Entry(databaseId, 0)));

    NodeMap nodes = rewritten(Control.GET_NODEMAP, NodeMap::decode, NodeMap::encode);
    NodeMap.Node self = nodes.nodes().getFirst();
    assertEquals(0, self.pnn());
    assertEquals(address(RealDaemon.ADDRESS, ProtocolVersion.PORT), self.address());
    assertEquals(0, self.flags() & ~NodeFlags.UNHEALTHY);

    NodeMap file = rewritten(Control.GET_NODES_FILE, NodeMap::decode, NodeMap::encode);
    assertEquals(List.of(new NodeMap.Node(0, 0, self.address())), file.nodes());
  }

  @Test
  void publicAddresses() throws IOException {
    PublicIpList list =
        rewritten(Control.GET_PUBLIC_IPS, PublicIpList::decode, PublicIpList::encode);
    assertEquals(
        List.of(address("10.77.0.2", 0), address("fd77::1", 0), PUBLIC_V4),
        list.addresses().stream().map(PublicIp::address).toList());

    IfaceList interfaces = rewritten(Control.GET_IFACES, IfaceList::decode, IfaceList::encode);
    assertEquals("lo", interfaces.interfaces().getFirst().name());
    for (SockAddr each : List.of(PUBLIC_V4, address("fd77::1", 0))) {
      Bytes bytes = daemon.ask(Control.GET_PUBLIC_IP_INFO, each.encode());
      PublicIpInfo info = PublicIpInfo.decode(bytes);
      assertEquals(each, info.ip().address());
      assertEquals(List.of("lo"), info.interfaces().stream().map(Iface::name).toList());
      assertEquals(bytes.length(), info.encode().length());
    }
  }

  @Test
  void connectionsToAPublicAddress() throws IOException {
    var connection = new Connection(address("10.77.9.9", 40000), address("10.77.0.1", 445));
    daemon.ask(Control.TCP_ADD, connection.encode());

    Bytes bytes = daemon.ask(Control.GET_TCP_TICKLE_LIST, PUBLIC_V4.encode());
    TickleList list = TickleList.decode(bytes);
    assertEquals(new TickleList(PUBLIC_V4, List.of(connection)), list);
    assertEquals(bytes, list.encode());

    daemon.ask(Control.TCP_REMOVE, connection.encode());
    assertEquals(
        List.of(),
        TickleList.decode(daemon.ask(Control.GET_TCP_TICKLE_LIST, PUBLIC_V4.encode()))
            .connections());
  }

  @Test
  void statistics() throws IOException {
    Bytes bytes = daemon.ask(Control.STATISTICS, Bytes.EMPTY);
    Statistics statistics = Statistics.decode(bytes);

    assertEquals(Statistics.SIZE, bytes.length());
    assertEquals(bytes, statistics.encode());
    assertTrue(statistics.clients() >= 1, statistics::toString);
    assertTrue(statistics.local().reqControl() >= 1, statistics::toString);
    assertTrue(statistics.started().compareTo(statistics.current()) <= 0, statistics::toString);
    assertTrue(statistics.recoveries() >= 1, statistics::toString);

    Bytes history = daemon.ask(Control.GET_STAT_HISTORY, Bytes.EMPTY);
    assertEquals(StatisticsHistory.SIZE, history.length());
    assertEquals(StatisticsHistory.LENGTH, StatisticsHistory.decode(history).entries().size());
    assertEquals(history, StatisticsHistory.decode(history).encode());
  }

  @Test
  void statisticsOfADatabase() throws IOException {
    Bytes bytes = daemon.ask(Control.GET_DB_STATISTICS, Bytes.ofInt(databaseId));

    assertEquals(464, bytes.length());
    assertEquals(DatabaseStatistics.empty().hotKeys(), DatabaseStatistics.decode(bytes).hotKeys());
    assertEquals(464, DatabaseStatistics.decode(bytes).encode().length());
  }

  @Test
  void smallBodies() throws IOException {
    Uptime uptime = rewritten(Control.UPTIME, Uptime::decode, Uptime::encode);
    assertTrue(uptime.started().compareTo(uptime.current()) <= 0, uptime::toString);
    assertEquals(
        new BanState(0, 0), rewritten(Control.GET_BAN_STATE, BanState::decode, BanState::encode));
    Bytes echo = new EchoData(1, Bytes.ofText("echo")).encode();
    assertEquals(echo, daemon.ask(Control.ECHO_DATA, echo));
    Runstate runstate = Runstate.of(daemon.ask(Control.GET_RUNSTATE, Bytes.EMPTY).getInt(0));
    assertTrue(runstate.compareTo(Runstate.FIRST_RECOVERY) >= 0, runstate::toString);
  }

  @Test
  void recordsComeByTraverse() throws IOException {
    int traversed = daemon.ask(Control.DB_ATTACH, Bytes.ofTerminated("traverse.tdb")).getInt(0);
    var keys = new TreeSet<String>();
    for (String key : List.of("a", "bb", "ccc")) {
      keys.add(key);
      daemon.send(
          new ReqCall(
              new Header(0, 0, 0, 1_000_000),
              Calls.FLAG_IMMEDIATE_MIGRATION,
              traversed,
              Calls.NULL,
              0,
              Bytes.ofText(key),
              Bytes.EMPTY));
      Packet reply = daemon.receive();
      assertEquals(0, ((ReplyCall) reply).status());
    }
    // Records without data only come when asked for, so none comes here but the end.
    long srvid = 0xAE00000000000041L;
    assertEquals(
        0, daemon.control(Control.REGISTER_SRVID.number(), srvid, 0, Bytes.EMPTY).status());
    daemon.ask(Control.TRAVERSE_START, new TraverseStart(traversed, 77, srvid).encode());
    assertEquals(
        new RecordData(77, Bytes.EMPTY, Bytes.EMPTY), RecordData.decode(daemon.message().data()));

    var withEmpty = new TraverseStartExt(traversed, 78, srvid, true).encode();
    daemon.ask(Control.TRAVERSE_START_EXT, withEmpty);
    var found = new TreeSet<String>();
    for (RecordData each = RecordData.decode(daemon.message().data());
        !each.key().isEmpty();
        each = RecordData.decode(daemon.message().data())) {
      assertEquals(78, each.reqid());
      assertEquals(24, each.data().length());
      found.add(each.key().text());
    }
    assertEquals(keys, found);
  }

  /** The value in a reply, which must be written as it was read. */
  private static <T> T rewritten(
      Control control, Function<Bytes, T> decoder, Function<T, Bytes> encoder) throws IOException {
    Bytes bytes = daemon.ask(control, Bytes.EMPTY);
    T value = decoder.apply(bytes);
    assertEquals(bytes, encoder.apply(value), control::name);
    return value;
  }

  private static SockAddr address(String literal, int port) {
    return new SockAddr(InetAddress.ofLiteral(literal), port);
  }
}
