// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.VirtualTime;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;

/**
 * Engines of several nodes, with links that keep the order of packets and take a given or random
 * time.
 */
final class TestCluster {
  final VirtualTime time = new VirtualTime();
  final Random random;
  final List<TestNode> nodes = new ArrayList<>();
  final Map<Tunable, Integer> tunables = new EnumMap<>(Tunable.class);
  final List<String> wire = new ArrayList<>();
  final List<String> controls = new ArrayList<>();
  VnnMap map;
  long minimumDelayNanos = 50_000;
  long jitterNanos;
  private final Map<Long, Long> lastArrival = new HashMap<>();
  private final Map<Integer, Runnable> answerListeners = new HashMap<>();
  private int lastClient = 100;

  TestCluster(int size, int databaseFlags) {
    this(size, databaseFlags, 1);
  }

  TestCluster(int size, int databaseFlags, long seed) {
    random = new Random(seed);
    for (Tunable tunable : Tunable.values()) {
      tunables.put(tunable, tunable.defaultValue());
    }
    map = mapOf(0x1234, size);
    for (int pnn = 0; pnn < size; pnn++) {
      nodes.add(new TestNode(this, pnn, databaseFlags, new VacuumGate()));
    }
  }

  private static VnnMap mapOf(int generation, int size) {
    return new VnnMap(generation, IntStream.range(0, size).boxed().toList());
  }

  TestNode node(int pnn) {
    return nodes.get(pnn);
  }

  /** The n-th key (from 0) whose location master is the node. */
  RecordKey keyOf(int lmaster, int n) {
    int seen = 0;
    for (int i = 0; ; i++) {
      var key = key("key" + i);
      if (StoreRules.lmaster(map, key) == lmaster && seen++ == n) {
        return key;
      }
    }
  }

  static RecordKey key(String text) {
    return RecordKey.of(Bytes.ofText(text));
  }

  // ---- network

  void transmit(int from, Packet packet) {
    int to = packet.header().destination();
    wire.add(describe(from, packet));
    if (to >= 0 && to < nodes.size()) {
      later(from, to, () -> nodes.get(to).input(packet));
    }
  }

  /** Does something at the other end of a link, after what was sent before. */
  void later(int from, int to, Runnable work) {
    long arrival = time.nowNanos();
    if (from != to) {
      arrival += minimumDelayNanos;
      if (jitterNanos > 0) {
        arrival += random.nextLong(jitterNanos);
      }
      arrival = Math.max(arrival, lastArrival.getOrDefault((long) from << 32 | to, 0L));
      lastArrival.put((long) from << 32 | to, arrival);
    }
    time.schedule(arrival - time.nowNanos(), work);
  }

  private static String describe(int from, Packet packet) {
    String link = from + ">" + packet.header().destination() + " ";
    return link
        + switch (packet) {
          case ReqCall p -> "REQ_CALL src" + p.header().source() + " hop" + p.hopCount();
          case ReplyCall _ -> "REPLY_CALL";
          case ReqDmaster p -> "REQ_DMASTER rsn" + p.rsn() + " dm" + p.dmaster();
          case ReplyDmaster p -> "REPLY_DMASTER rsn" + p.rsn();
          case ReplyError _ -> "REPLY_ERROR";
          default -> packet.toString();
        };
  }

  /** What went over the wire since the last time. */
  List<String> takeWire() {
    var taken = List.copyOf(wire);
    wire.clear();
    return taken;
  }

  // ---- clients

  int connect(int pnn) {
    int clientId = ++lastClient;
    nodes.get(pnn).connect(clientId);
    return clientId;
  }

  void call(int pnn, int clientId, RecordKey key, int callId, int flags) {
    int reqid = 7;
    nodes
        .get(pnn)
        .engine
        .clientCall(
            clientId,
            new ReqCall(
                new Header(0, 0, 0, reqid),
                flags,
                TestNode.DATABASE,
                callId,
                0,
                key.bytes(),
                Bytes.EMPTY));
    nodes.get(pnn).store.checkIdle();
  }

  /**
   * A new client migrates a record to its node and waits a second; returns how often it was
   * answered.
   */
  int migrate(int pnn, RecordKey key) {
    return answers(pnn, key, Calls.NULL, Calls.FLAG_IMMEDIATE_MIGRATION).size();
  }

  /** A new client's call; the answers within a second. */
  List<ReplyCall> answers(int pnn, RecordKey key, int callId, int flags) {
    int clientId = connect(pnn);
    call(pnn, clientId, key, callId, flags);
    time.passMillis(900);
    var answers = List.copyOf(nodes.get(pnn).replies.get(clientId));
    nodes.get(pnn).disconnect(clientId);
    return answers;
  }

  /** From now on the listener is run at each answer to the client. */
  void onAnswer(int clientId, Runnable listener) {
    answerListeners.put(clientId, listener);
  }

  void answered(TestNode node, int clientId, ReplyCall reply) {
    Runnable listener = answerListeners.get(clientId);
    if (listener != null) {
      time.schedule(0, listener);
    }
  }

  /** Writes data as smbd does that owns the record: the header stays. */
  void write(int pnn, RecordKey key, String data) {
    StoredRecord record = nodes.get(pnn).store.get(key);
    nodes.get(pnn).store.put(key, record.header(), Bytes.ofText(data));
  }

  /**
   * The record on a node: rsn, data master, D with data, M migrated with data, read-only flags; "-"
   * if there is none.
   */
  String at(int pnn, RecordKey key) {
    StoredRecord record = nodes.get(pnn).store.get(key);
    if (record == null) {
      return "-";
    }
    var header = record.header();
    var text = new StringBuilder().append(header.rsn()).append(",dm").append(header.dmaster());
    if (header.flags() != 0) {
      text.append(",").append(Integer.toHexString(header.flags() >>> 16));
    }
    return text.toString();
  }

  /** The record on all nodes. */
  String all(RecordKey key) {
    var text = new StringBuilder();
    for (TestNode node : nodes) {
      text.append("n").append(node.pnn).append("{").append(at(node.pnn, key)).append("} ");
    }
    return text.toString().trim();
  }

  // ---- recovery

  /** Freezes all databases. */
  void freeze() {
    for (TestNode node : nodes) {
      node.store.freeze(
          result -> {
            if (!result.ok()) {
              throw new AssertionError(result.error());
            }
          });
    }
    time.passMillis(1);
  }

  /**
   * The rest of a recovery in the frozen databases, reduced to what matters here: the newest copy
   * of each record goes to all nodes with a new data master; empty ones vanish.
   */
  void recover(int newGeneration, int newDmaster) {
    Map<RecordKey, StoredRecord> newest = new java.util.LinkedHashMap<>();
    for (TestNode node : nodes) {
      if (node.store.freezeState() != FreezeState.FROZEN) {
        throw new AssertionError("node " + node.pnn + " is not frozen");
      }
      node.store
          .records()
          .forEach(
              (key, record) ->
                  newest.merge(
                      key,
                      record,
                      (a, b) -> {
                        int order = Long.compareUnsigned(a.header().rsn(), b.header().rsn());
                        boolean first = order > 0 || (order == 0 && !a.data().isEmpty());
                        return first ? a : b;
                      }));
    }
    map = new VnnMap(newGeneration, map.lmasters());
    for (TestNode node : nodes) {
      for (RecordKey key : List.copyOf(node.store.records().keySet())) {
        node.store.delete(key);
      }
      newest.forEach(
          (key, record) -> {
            if (!record.data().isEmpty()) {
              var old = record.header();
              // Every node gets a copy with data, so the record counts as migrated with data.
              var header =
                  old.withDmaster(newDmaster)
                      .withFlags(old.flags() | RecordFlags.MIGRATED_WITH_DATA);
              var decision = node.engine.pushRule().decide(key, header, record.data());
              node.store.store(key, decision.header(), record.data());
            }
          });
      node.engine.wiped();
      node.engine.recoveryPushed();
      node.engine.setGeneration(newGeneration);
    }
    for (TestNode node : nodes) {
      node.store.thaw();
      node.engine.resendPendingCalls();
    }
  }
}
