// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * STATISTICS: what a node has done since its start, or since the last STATISTICS_RESET.
 *
 * @param clients local connections now
 * @param frozen 1 if the databases are frozen now
 * @param recovering 1 if the recovery mode is active now
 * @param packets by direction
 * @param nodes packets of other nodes by operation
 * @param local packets of local clients by operation
 * @param timeouts requests that were not answered in time
 * @param reclockDaemon how long it took to get the cluster lock when the recovery mode was set
 * @param reclockRecovery how long the leader's checks of the cluster lock took
 * @param locks locks that had to be waited for
 * @param calls requests for records
 * @param memoryUsed bytes now
 * @param recoveries how many recoveries the node took part in
 * @param started since when this is counted
 * @param current when the answer was made
 * @param roDelegations read-only copies handed out
 * @param roRevokes read-only copies called back
 */
public record Statistics(
    int clients,
    int frozen,
    int recovering,
    Packets packets,
    FromNodes nodes,
    FromClients local,
    Timeouts timeouts,
    Latency reclockDaemon,
    Latency reclockRecovery,
    LockStatistics locks,
    CallStatistics calls,
    int memoryUsed,
    int recoveries,
    TimeVal started,
    TimeVal current,
    int roDelegations,
    int roRevokes) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 488;

  /** A node that has not done anything. */
  public static final Statistics EMPTY =
      new Statistics(
          0,
          0,
          0,
          new Packets(0, 0, 0, 0, 0, 0),
          new FromNodes(0, 0, 0, 0, 0, 0, 0, 0, 0),
          new FromClients(0, 0, 0, 0),
          new Timeouts(0, 0, 0),
          Latency.NONE,
          Latency.NONE,
          LockStatistics.empty(),
          CallStatistics.empty(),
          0,
          0,
          TimeVal.ZERO,
          TimeVal.ZERO,
          0,
          0);

  /** Packets by direction; those of local controls count as sent to a node, as in ctdbd. */
  public record Packets(
      int clientSent,
      int clientReceived,
      int nodeSent,
      int nodeReceived,
      int keepaliveSent,
      int keepaliveReceived) {}

  /** Received from nodes, this one included, by operation. */
  public record FromNodes(
      int reqCall,
      int replyCall,
      int reqDmaster,
      int replyDmaster,
      int replyError,
      int reqMessage,
      int reqControl,
      int replyControl,
      int reqTunnel) {}

  /** Received from local clients by operation. */
  public record FromClients(int reqCall, int reqMessage, int reqControl, int reqTunnel) {}

  /** Requests that were not answered in time. */
  public record Timeouts(int call, int control, int traverse) {}

  /** Reads it; more bytes may follow. */
  public static Statistics decode(Bytes bytes) {
    return read(new ByteReader("statistics", bytes));
  }

  static Statistics read(ByteReader reader) {
    int clients = reader.getInt("num_clients");
    int frozen = reader.getInt("frozen");
    int recovering = reader.getInt("recovering");
    var packets =
        new Packets(
            reader.getInt("client_packets_sent"),
            reader.getInt("client_packets_recv"),
            reader.getInt("node_packets_sent"),
            reader.getInt("node_packets_recv"),
            reader.getInt("keepalive_packets_sent"),
            reader.getInt("keepalive_packets_recv"));
    var nodes =
        new FromNodes(
            reader.getInt("node.req_call"),
            reader.getInt("node.reply_call"),
            reader.getInt("node.req_dmaster"),
            reader.getInt("node.reply_dmaster"),
            reader.getInt("node.reply_error"),
            reader.getInt("node.req_message"),
            reader.getInt("node.req_control"),
            reader.getInt("node.reply_control"),
            reader.getInt("node.req_tunnel"));
    var local =
        new FromClients(
            reader.getInt("client.req_call"),
            reader.getInt("client.req_message"),
            reader.getInt("client.req_control"),
            reader.getInt("client.req_tunnel"));
    var timeouts =
        new Timeouts(
            reader.getInt("timeouts.call"),
            reader.getInt("timeouts.control"),
            reader.getInt("timeouts.traverse"));
    reader.skip(4);
    Latency reclockDaemon = Latency.read(reader);
    Latency reclockRecovery = Latency.read(reader);
    LockStatistics locks = LockStatistics.read(reader);
    int totalCalls = reader.getInt("total_calls");
    int pendingCalls = reader.getInt("pending_calls");
    int childwrites = reader.getInt("childwrite_calls");
    int pendingChildwrites = reader.getInt("pending_childwrite_calls");
    int memoryUsed = reader.getInt("memory_used");
    reader.skip(4); // of a recovery database that no longer exists
    int maxHopCount = reader.getInt("max_hop_count");
    List<Integer> hopCounts = Buckets.read(reader, "hop_count_bucket");
    reader.skip(4);
    var calls =
        new CallStatistics(
            totalCalls,
            pendingCalls,
            childwrites,
            pendingChildwrites,
            maxHopCount,
            hopCounts,
            Latency.read(reader),
            Latency.read(reader));
    int recoveries = reader.getInt("num_recoveries");
    reader.skip(4);
    return new Statistics(
        clients,
        frozen,
        recovering,
        packets,
        nodes,
        local,
        timeouts,
        reclockDaemon,
        reclockRecovery,
        locks,
        calls,
        memoryUsed,
        recoveries,
        TimeVal.read(reader, "statistics_start_time"),
        TimeVal.read(reader, "statistics_current_time"),
        reader.getInt("total_ro_delegations"),
        reader.getInt("total_ro_revokes"));
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    writer.putInt(clients).putInt(frozen).putInt(recovering);
    writer
        .putInt(packets.clientSent)
        .putInt(packets.clientReceived)
        .putInt(packets.nodeSent)
        .putInt(packets.nodeReceived)
        .putInt(packets.keepaliveSent)
        .putInt(packets.keepaliveReceived);
    writer
        .putInt(nodes.reqCall)
        .putInt(nodes.replyCall)
        .putInt(nodes.reqDmaster)
        .putInt(nodes.replyDmaster)
        .putInt(nodes.replyError)
        .putInt(nodes.reqMessage)
        .putInt(nodes.reqControl)
        .putInt(nodes.replyControl)
        .putInt(nodes.reqTunnel);
    writer
        .putInt(local.reqCall)
        .putInt(local.reqMessage)
        .putInt(local.reqControl)
        .putInt(local.reqTunnel);
    writer.putInt(timeouts.call).putInt(timeouts.control).putInt(timeouts.traverse).putInt(0);
    reclockDaemon.write(writer);
    reclockRecovery.write(writer);
    locks.write(writer);
    writer
        .putInt(calls.total())
        .putInt(calls.pending())
        .putInt(calls.childwrites())
        .putInt(calls.pendingChildwrites())
        .putInt(memoryUsed)
        .putInt(0)
        .putInt(calls.maxHopCount());
    Buckets.write(writer, calls.hopCounts());
    writer.putInt(0);
    calls.latency().write(writer);
    calls.childwriteLatency().write(writer);
    writer.putInt(recoveries).putInt(0);
    started.write(writer);
    current.write(writer);
    writer.putInt(roDelegations).putInt(roRevokes);
  }
}
