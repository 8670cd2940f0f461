// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;

/** Every kind of body. */
final class BodyCases {
  private BodyCases() {}

  static List<BodyCase<?>> all() {
    return List.of(
        new BodyCase<>("sock_addr", BodyCases::address, SockAddr::encode, SockAddr::decode),
        new BodyCase<>(
            "vnn_map",
            r -> new VnnMap(r.nextInt(), list(r, 20, Random::nextInt)),
            VnnMap::encode,
            VnnMap::decode),
        new BodyCase<>(
            "dbid_map",
            r ->
                new DatabaseMap(
                    list(r, 30, x -> new DatabaseMap.Entry(x.nextInt(), x.nextInt(256)))),
            DatabaseMap::encode,
            DatabaseMap::decode),
        new BodyCase<>(
            "node_map",
            r ->
                new NodeMap(
                    list(r, 20, x -> new NodeMap.Node(x.nextInt(), x.nextInt(), address(x)))),
            NodeMap::encode,
            NodeMap::decode),
        new BodyCase<>(
            "traverse_start",
            r -> new TraverseStart(r.nextInt(), r.nextInt(), r.nextLong()),
            TraverseStart::encode,
            TraverseStart::decode),
        new BodyCase<>(
            "traverse_start_ext",
            r -> new TraverseStartExt(r.nextInt(), r.nextInt(), r.nextLong(), r.nextBoolean()),
            TraverseStartExt::encode,
            TraverseStartExt::decode),
        new BodyCase<>(
            "traverse_all",
            r -> new TraverseAll(r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt(), r.nextLong()),
            TraverseAll::encode,
            TraverseAll::decode),
        new BodyCase<>(
            "traverse_all_ext",
            r ->
                new TraverseAllExt(
                    r.nextInt(),
                    r.nextInt(),
                    r.nextInt(),
                    r.nextInt(),
                    r.nextLong(),
                    r.nextBoolean()),
            TraverseAllExt::encode,
            TraverseAllExt::decode),
        new BodyCase<>("rec_data", BodyCases::record, RecordData::encode, RecordData::decode),
        new BodyCase<>(
            "rec_buffer",
            r -> new RecordBuffer(r.nextInt(), list(r, 30, BodyCases::record)),
            RecordBuffer::encode,
            RecordBuffer::decode),
        new BodyCase<>(
            "ltdb header", BodyCases::header, RecordHeader::encode, RecordHeader::decode),
        new BodyCase<>(
            "key_data",
            r -> new KeyData(r.nextInt(), header(r), bytes(r, 40)),
            KeyData::encode,
            KeyData::decode),
        new BodyCase<>(
            "pulldb_ext",
            r -> new PullDatabase(r.nextInt(), r.nextInt(), r.nextLong()),
            PullDatabase::encode,
            PullDatabase::decode),
        new BodyCase<>(
            "transdb",
            r -> new TransactionDatabase(r.nextInt(), r.nextInt()),
            TransactionDatabase::encode,
            TransactionDatabase::decode),
        new BodyCase<>(
            "tunable",
            r -> new TunableSetting(text(r, 30), r.nextInt()),
            TunableSetting::encode,
            TunableSetting::decode),
        new BodyCase<>(
            "tunable name",
            r -> new TunableName(text(r, 30)),
            TunableName::encode,
            TunableName::decode),
        new BodyCase<>(
            "tunable names",
            r -> new TunableNames(list(r, 40, x -> "T" + text(x, 20))),
            TunableNames::encode,
            TunableNames::decode),
        new BodyCase<>(
            "tunable_list", BodyCases::tunables, TunableValues::encode, TunableValues::decode),
        new BodyCase<>(
            "node_flag_change",
            r -> new NodeFlagChange(r.nextInt(), r.nextInt(), r.nextInt()),
            NodeFlagChange::encode,
            NodeFlagChange::decode),
        new BodyCase<>(
            "ban_state",
            r -> new BanState(r.nextInt(), r.nextInt()),
            BanState::encode,
            BanState::decode),
        new BodyCase<>(
            "notify_data",
            r -> new NotifyData(r.nextLong(), bytes(r, 60)),
            NotifyData::encode,
            NotifyData::decode),
        new BodyCase<>(
            "uptime",
            r -> new Uptime(time(r), time(r), time(r), time(r)),
            Uptime::encode,
            Uptime::decode),
        new BodyCase<>(
            "pid_srvid",
            r -> new PidSrvid(r.nextInt(), r.nextLong()),
            PidSrvid::encode,
            PidSrvid::decode),
        new BodyCase<>(
            "db_vacuum",
            r -> new VacuumRequest(r.nextInt(), r.nextBoolean()),
            VacuumRequest::encode,
            VacuumRequest::decode),
        new BodyCase<>(
            "echo_data",
            r -> new EchoData(r.nextInt(), bytes(r, 60)),
            EchoData::encode,
            EchoData::decode),
        new BodyCase<>(
            "election",
            r -> new ElectionVote(r.nextInt(), time(r), r.nextInt(), r.nextInt()),
            ElectionVote::encode,
            ElectionVote::decode),
        new BodyCase<>(
            "srvid_message",
            r -> new SrvidMessage(r.nextInt(), r.nextLong()),
            SrvidMessage::encode,
            SrvidMessage::decode),
        new BodyCase<>(
            "disable_message",
            r -> new DisableMessage(r.nextInt(), r.nextLong(), r.nextInt()),
            DisableMessage::encode,
            DisableMessage::decode),
        new BodyCase<>("latency", BodyCases::latency, Latency::encode, Latency::decode),
        new BodyCase<>("statistics", BodyCases::statistics, Statistics::encode, Statistics::decode),
        new BodyCase<>(
            "statistics_list",
            r -> {
              List<Statistics> entries = new ArrayList<>();
              for (int i = 0; i < StatisticsHistory.LENGTH; i++) {
                entries.add(statistics(r));
              }
              return new StatisticsHistory(entries);
            },
            StatisticsHistory::encode,
            StatisticsHistory::decode),
        new BodyCase<>(
            "db_statistics",
            BodyCases::databaseStatistics,
            DatabaseStatistics::encode,
            DatabaseStatistics::decode),
        new BodyCase<>("public_ip", BodyCases::publicIp, PublicIp::encode, PublicIp::decode),
        new BodyCase<>(
            "public_ip_list",
            r -> new PublicIpList(list(r, 20, BodyCases::publicIp)),
            PublicIpList::encode,
            PublicIpList::decode),
        new BodyCase<>("iface", BodyCases::iface, Iface::encode, Iface::decode),
        new BodyCase<>(
            "iface_list",
            r -> new IfaceList(list(r, 20, BodyCases::iface)),
            IfaceList::encode,
            IfaceList::decode),
        new BodyCase<>(
            "public_ip_info",
            r -> new PublicIpInfo(publicIp(r), r.nextInt(), list(r, 10, BodyCases::iface)),
            PublicIpInfo::encode,
            PublicIpInfo::decode),
        new BodyCase<>(
            "addr_info",
            r -> new AddrInfo(address(r), r.nextInt(129), text(r, 30)),
            AddrInfo::encode,
            AddrInfo::decode),
        new BodyCase<>("connection", BodyCases::connection, Connection::encode, Connection::decode),
        new BodyCase<>(
            "tickle_list",
            r -> new TickleList(address(r), list(r, 20, BodyCases::connection)),
            TickleList::encode,
            TickleList::decode));
  }

  static <T> List<T> list(Random random, int limit, Function<Random, T> element) {
    int count = random.nextInt(limit);
    List<T> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add(element.apply(random));
    }
    return list;
  }

  static Bytes bytes(Random random, int limit) {
    byte[] bytes = new byte[random.nextInt(limit)];
    random.nextBytes(bytes);
    return Bytes.of(bytes);
  }

  /** Letters, some of which take two bytes in UTF-8. */
  static String text(Random random, int limit) {
    int length = random.nextInt(limit);
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) (random.nextInt(8) == 0 ? 0xE9 : 'a' + random.nextInt(26)));
    }
    return text.toString();
  }

  static SockAddr address(Random random) {
    byte[] raw = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(raw);
    try {
      return new SockAddr(InetAddress.getByAddress(raw), random.nextInt(0x10000));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  static Statistics statistics(Random r) {
    return new Statistics(
        r.nextInt(),
        r.nextInt(),
        r.nextInt(),
        new Statistics.Packets(
            r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt()),
        new Statistics.FromNodes(
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt()),
        new Statistics.FromClients(r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt()),
        new Statistics.Timeouts(r.nextInt(), r.nextInt(), r.nextInt()),
        latency(r),
        latency(r),
        locks(r),
        new CallStatistics(
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            r.nextInt(),
            buckets(r),
            latency(r),
            latency(r)),
        r.nextInt(),
        r.nextInt(),
        time(r),
        time(r),
        r.nextInt(),
        r.nextInt());
  }

  private static DatabaseStatistics databaseStatistics(Random r) {
    return new DatabaseStatistics(
        locks(r),
        latency(r),
        r.nextInt(),
        r.nextInt(),
        buckets(r),
        list(
            r,
            DatabaseStatistics.HOT_KEYS + 1,
            x -> new DatabaseStatistics.HotKey(1 + x.nextInt(1000), bytes(x, 40))));
  }

  private static RecordHeader header(Random r) {
    return new RecordHeader(r.nextLong(), r.nextInt(), r.nextInt(), r.nextInt());
  }

  private static RecordData record(Random r) {
    return new RecordData(r.nextInt(), bytes(r, 40), bytes(r, 200));
  }

  private static TunableValues tunables(Random r) {
    TunableValues values = TunableValues.defaults();
    for (Tunable tunable : Tunable.values()) {
      values = values.with(tunable, r.nextInt());
    }
    return values;
  }

  private static TimeVal time(Random r) {
    return new TimeVal(r.nextLong(), r.nextLong());
  }

  private static Latency latency(Random r) {
    return new Latency(r.nextInt(), r.nextDouble(), r.nextDouble(), r.nextDouble());
  }

  private static List<Integer> buckets(Random r) {
    List<Integer> counts = new ArrayList<>();
    for (int i = 0; i < Buckets.COUNT; i++) {
      counts.add(r.nextInt());
    }
    return counts;
  }

  private static LockStatistics locks(Random r) {
    return new LockStatistics(
        r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt(), latency(r), buckets(r));
  }

  private static PublicIp publicIp(Random r) {
    return new PublicIp(r.nextInt(), address(r));
  }

  private static Iface iface(Random r) {
    return new Iface(text(r, 9), r.nextInt(0x10000), r.nextInt());
  }

  private static Connection connection(Random r) {
    return new Connection(address(r), address(r));
  }
}
