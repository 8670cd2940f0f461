// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.body.Connection;
import org.ctdbj.protocol.body.ElectionVote;
import org.ctdbj.protocol.body.KeyData;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.NotifyData;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.protocol.body.TimeVal;
import org.ctdbj.protocol.body.TraverseAll;
import org.ctdbj.protocol.body.TraverseStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Frames of the real programs mean what they should, and are what we would send. */
class WireVectorTest {
  private static final int VOLATILE_DB = 0x7b48f3cd;
  private static final int PERSISTENT_DB = 0x67c2f299;
  private static final int MIGRATION_DB = 0x6f30bd51;
  private static final long TEST_SRVID = 0xAE00000000000001L;
  private static final int CLIENT_GENERATION = 0x37c1cf8a;
  private static final int NODE_GENERATION = 0x75e227fc;

  private static final Map<WireVector, Packet> EXPECTED = expected();

  private static Map<WireVector, Packet> expected() {
    Map<WireVector, Packet> map = new EnumMap<>(WireVector.class);
    map.put(WireVector.GET_PID, request(1, Control.GET_PID, 0, 0, Bytes.EMPTY));
    map.put(WireVector.GET_PID_REPLY, reply(1, 0x57db, Bytes.EMPTY, ""));
    map.put(
        WireVector.DISCONNECTED_NODE,
        reply(3, -1, Bytes.EMPTY, "ctdb_control to disconnected node"));
    map.put(
        WireVector.DB_ATTACH, request(4, Control.DB_ATTACH, 0, 0, Bytes.ofTerminated("wtest.tdb")));
    map.put(WireVector.DB_ATTACH_REPLY, reply(4, 0, Bytes.ofInt(VOLATILE_DB), ""));
    map.put(
        WireVector.NODE_MAP,
        reply(
            2,
            0,
            new NodeMap(
                    List.of(
                        new NodeMap.Node(0, 2, address("127.0.0.1", 4379)),
                        new NodeMap.Node(1, 3, address("127.0.0.2", 4379))))
                .encode(),
            ""));
    map.put(
        WireVector.FETCH,
        new ReqCall(
            new Header(0, 0, 0, 6),
            Calls.FLAG_IMMEDIATE_MIGRATION,
            VOLATILE_DB,
            Calls.FETCH,
            0,
            Bytes.ofTerminated("key1"),
            Bytes.EMPTY));
    map.put(
        WireVector.FETCH_REPLY,
        new ReplyCall(new Header(CLIENT_GENERATION, 0, 0, 6), 0, Bytes.ofText("value-one")));
    map.put(
        WireVector.REGISTER_SRVID, request(7, Control.REGISTER_SRVID, TEST_SRVID, 0, Bytes.EMPTY));
    map.put(
        WireVector.MESSAGE_SENT,
        new ReqMessage(
            new Header(Generation.INVALID, Pnn.CURRENT_NODE, 0, 0),
            TEST_SRVID,
            Bytes.ofText("hello world")));
    map.put(WireVector.MESSAGE_DELIVERED, message(Bytes.ofText("hello world")));
    map.put(
        WireVector.TRAVERSE_START,
        request(
            8,
            Control.TRAVERSE_START,
            0,
            0,
            new TraverseStart(VOLATILE_DB, 77, TEST_SRVID).encode()));
    map.put(
        WireVector.TRAVERSE_RECORD,
        message(record(77, "key1", new RecordHeader(5, 0, 0), Bytes.ofText("value-one")).encode()));
    map.put(
        WireVector.TRAVERSE_END, message(new RecordData(77, Bytes.EMPTY, Bytes.EMPTY).encode()));
    map.put(
        WireVector.TRANS3_COMMIT,
        request(
            10,
            Control.TRANS3_COMMIT,
            0x67c2f299L,
            0,
            new RecordBuffer(
                    PERSISTENT_DB,
                    List.of(
                        record(0, "pk", new RecordHeader(1, 0, 0), Bytes.ofText("pv")),
                        record(
                            0,
                            "__db_sequence_number__",
                            new RecordHeader(1, 0, 0),
                            Bytes.ofLong(7))))
                .encode()));
    map.put(
        WireVector.GET_DB_SEQNUM,
        request(11, Control.GET_DB_SEQNUM, 0, 0, Bytes.ofLong(0x67c2f299L)));
    map.put(WireVector.GET_DB_SEQNUM_REPLY, reply(11, 0, Bytes.ofLong(7), ""));
    map.put(
        WireVector.SCHEDULE_FOR_DELETION,
        request(
            12,
            Control.SCHEDULE_FOR_DELETION,
            0x7b48f3cdL,
            ControlFlags.NOREPLY,
            new KeyData(VOLATILE_DB, new RecordHeader(6, 0, 0), Bytes.ofTerminated("key1"))
                .encode()));
    map.put(
        WireVector.REGISTER_NOTIFY,
        request(
            13,
            Control.REGISTER_NOTIFY,
            0,
            0,
            new NotifyData(Srvid.SAMBA_NOTIFY, Bytes.of(new byte[1])).encode()));
    map.put(
        WireVector.TCP_CLIENT,
        request(
            15,
            Control.TCP_CLIENT,
            0,
            0,
            new Connection(address("10.1.1.1", 40000), address("192.168.100.1", 445)).encode()));
    map.put(
        WireVector.MIGRATION_CALL,
        new ReqCall(
            node(0, 1, 0x176),
            Calls.FLAG_IMMEDIATE_MIGRATION,
            MIGRATION_DB,
            Calls.FETCH,
            0,
            Bytes.ofTerminated("A"),
            Bytes.EMPTY));
    map.put(
        WireVector.MIGRATION_TO_LMASTER,
        new ReqDmaster(
            node(1, 0, 0x176),
            MIGRATION_DB,
            4,
            1,
            Bytes.ofTerminated("A"),
            Bytes.ofTerminated("val-A"),
            RecordFlags.MIGRATED_WITH_DATA));
    map.put(
        WireVector.MIGRATION_TO_DMASTER,
        new ReplyDmaster(
            node(1, 0, 0x179),
            MIGRATION_DB,
            3,
            Bytes.ofTerminated("D"),
            Bytes.ofTerminated("val-D"),
            RecordFlags.MIGRATED_WITH_DATA));
    map.put(
        WireVector.READ_ONLY_COPY,
        new ReplyCall(
            node(0, 1, 0x921),
            0,
            withHeader(
                new RecordHeader(
                    7, 1, RecordFlags.RO_HAVE_READONLY | RecordFlags.MIGRATED_WITH_DATA),
                Bytes.ofTerminated("val-C"))));
    map.put(
        WireVector.REVOKE,
        new ReqControl(
            node(0, 1, 0x183),
            Control.UPDATE_RECORD.number(),
            0,
            0x182,
            0,
            new RecordBuffer(
                    MIGRATION_DB,
                    List.of(
                        record(
                            0,
                            "C",
                            new RecordHeader(8, 1, RecordFlags.MIGRATED_WITH_DATA),
                            Bytes.ofTerminated("val-C"))))
                .encode()));
    map.put(
        WireVector.TRAVERSE_ALL,
        new ReqControl(
            node(1, 0, 0x91a),
            Control.TRAVERSE_ALL.number(),
            0,
            0,
            ControlFlags.NOREPLY,
            new TraverseAll(MIGRATION_DB, 0x919, 0, 5, 0xAE02).encode()));
    map.put(
        WireVector.TRAVERSE_DATA,
        new ReqControl(
            node(0, 1, 0x17c),
            Control.TRAVERSE_DATA.number(),
            0,
            0x17b,
            ControlFlags.NOREPLY,
            record(
                    0x919,
                    "C",
                    new RecordHeader(6, 1, RecordFlags.MIGRATED_WITH_DATA),
                    Bytes.ofTerminated("val-C"))
                .encode()));
    map.put(WireVector.KEEPALIVE, new ReqKeepalive(node(0, 1, 0), ProtocolVersion.SAMBA_4_17, 5));
    map.put(
        WireVector.LEADER,
        new ReqMessage(
            new Header(Generation.INVALID, 0, 1, 0), Srvid.LEADER, Bytes.ofInt(Pnn.UNKNOWN)));
    map.put(
        WireVector.ELECTION,
        new ReqMessage(
            new Header(Generation.INVALID, 0, 1, 0),
            Srvid.ELECTION,
            new ElectionVote(2, new TimeVal(0x6b03291fL, 0x449feL), 1, 2).encode()));
    map.put(
        WireVector.UNKNOWN_DATABASE,
        new ReplyError(
            new Header(0x78a751e2, 1, 0, 0x44),
            -1,
            "Unknown database in request. db_id==0x00001234"));
    return map;
  }

  @Test
  void eachVectorHasItsMeaning() {
    assertEquals(Set.of(WireVector.values()), EXPECTED.keySet());
  }

  @ParameterizedTest
  @EnumSource
  void meansWhatItShould(WireVector vector) {
    assertEquals(EXPECTED.get(vector), PacketCodec.decode(vector.frame()));
  }

  @ParameterizedTest
  @EnumSource
  void isWhatWeWouldSend(WireVector vector) {
    assertEquals(
        vector.frame().hex(), PacketCodec.encode(EXPECTED.get(vector), vector.padding()).hex());
  }

  private static ReqControl request(int reqid, Control control, long srvid, int flags, Bytes body) {
    return new ReqControl(
        new Header(0, Pnn.CURRENT_NODE, 0, reqid), control.number(), srvid, 0, flags, body);
  }

  private static ReplyControl reply(int reqid, int status, Bytes body, String error) {
    return new ReplyControl(new Header(CLIENT_GENERATION, 0, 0, reqid), status, body, error);
  }

  private static ReqMessage message(Bytes data) {
    return new ReqMessage(new Header(CLIENT_GENERATION, 0, 0, 0), TEST_SRVID, data);
  }

  private static Header node(int destination, int source, int reqid) {
    return new Header(NODE_GENERATION, destination, source, reqid);
  }

  private static SockAddr address(String literal, int port) {
    return new SockAddr(InetAddress.ofLiteral(literal), port);
  }

  private static RecordData record(int reqid, String key, RecordHeader header, Bytes data) {
    return new RecordData(reqid, Bytes.ofTerminated(key), withHeader(header, data));
  }

  private static Bytes withHeader(RecordHeader header, Bytes data) {
    byte[] all = new byte[RecordHeader.SIZE + data.length()];
    header.encode().copyTo(all, 0);
    data.copyTo(all, RecordHeader.SIZE);
    return Bytes.of(all);
  }
}
