// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.node.NodeStatistics;
import org.ctdbj.daemon.node.ReqidTable;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.RandomSource;
import org.ctdbj.recovery.door.Timers;

/** A node with one volatile database and nothing else, in a {@link TestCluster}. */
final class TestNode implements NodeServices, NodeStatistics, EventLog {
  static final int DATABASE = 0x4d2a432b;
  static final int CHAINS = 16;

  final int pnn;
  final TestCluster cluster;
  final MemoryDatabaseStore store;
  final RecordEngine engine;
  final List<String> log = new ArrayList<>();
  final List<String> othersKeptWaiting = new ArrayList<>();
  final List<String> forcedRecoveries = new ArrayList<>();
  final Map<Counter, Integer> counters = new EnumMap<>(Counter.class);
  final Map<Integer, Integer> hopCounts = new HashMap<>();
  final Set<Integer> clients = new HashSet<>();
  final Map<Integer, List<ReplyCall>> replies = new HashMap<>();
  RecoveryMode recoveryMode = RecoveryMode.NORMAL;

  /** Controls to these nodes fail. */
  final Set<Integer> unreachable = new HashSet<>();

  private final ReqidTable reqids = new ReqidTable();
  private final Map<Integer, List<Runnable>> goneListeners = new HashMap<>();

  TestNode(TestCluster cluster, int pnn, int flags, VacuumGate gate) {
    this.cluster = cluster;
    this.pnn = pnn;
    store =
        new MemoryDatabaseStore(cluster.time, Path.of("/volatile/test.tdb." + pnn), 0xc41, CHAINS);
    engine = new RecordEngine(this, store, "test.tdb", DATABASE, flags, gate);
  }

  /** A packet from the network or the own queue. */
  void input(Packet packet) {
    boolean record = !(packet instanceof ReplyError);
    if (record && packet.header().generation() != cluster.map.generation()) {
      return;
    }
    switch (packet) {
      case ReqCall p -> engine.nodeCall(p);
      case ReplyCall p -> RecordEngine.replyCall(this, p);
      case ReqDmaster p -> engine.reqDmaster(p);
      case ReplyDmaster p -> engine.replyDmaster(p);
      case ReplyError p -> RecordEngine.replyError(this, p);
      default -> throw new AssertionError("unexpected packet " + packet);
    }
    store.checkIdle();
  }

  void connect(int clientId) {
    clients.add(clientId);
    replies.put(clientId, new ArrayList<>());
  }

  void disconnect(int clientId) {
    clients.remove(clientId);
    List<Runnable> listeners = goneListeners.remove(clientId);
    if (listeners != null) {
      listeners.forEach(Runnable::run);
    }
  }

  int count(Counter counter) {
    return counters.getOrDefault(counter, 0);
  }

  // ---- NodeServices

  @Override
  public int pnn() {
    return pnn;
  }

  @Override
  public VnnMap vnnMap() {
    return cluster.map;
  }

  @Override
  public RecoveryMode recoveryMode() {
    return recoveryMode;
  }

  @Override
  public Runstate runstate() {
    return Runstate.RUNNING;
  }

  @Override
  public int nodeFlags(int node) {
    return 0;
  }

  @Override
  public List<Integer> expand(int destination) {
    return Pnn.isBroadcast(destination)
        ? cluster.nodes.stream().map(node -> node.pnn).toList()
        : List.of(destination);
  }

  @Override
  public int tunable(Tunable tunable) {
    return cluster.tunables.get(tunable);
  }

  @Override
  public Timers timers() {
    return cluster.time;
  }

  @Override
  public RandomSource random() {
    return cluster.random::nextInt;
  }

  @Override
  public EventLog log() {
    return this;
  }

  @Override
  public ReqidTable reqids() {
    return reqids;
  }

  @Override
  public NodeStatistics statistics() {
    return this;
  }

  @Override
  public void send(Packet packet) {
    cluster.transmit(pnn, packet);
  }

  @Override
  public void control(
      int target,
      Control control,
      long srvid,
      int clientId,
      int flags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done) {
    cluster.controls.add(pnn + ">" + target + " " + control);
    if (unreachable.contains(target)) {
      cluster.time.schedule(0, () -> done.accept(ControlResult.failed("node is disconnected")));
      return;
    }
    int generation = cluster.map.generation();
    cluster.later(
        pnn,
        target,
        () -> {
          if (generation != cluster.map.generation()) {
            // It arrived during the recovery, and was refused: the real one takes far longer than a
            // packet.
            cluster.later(target, pnn, () -> done.accept(ControlResult.failed("in recovery")));
            return;
          }
          cluster
              .nodes
              .get(target)
              .execute(
                  control, data, result -> cluster.later(target, pnn, () -> done.accept(result)));
        });
  }

  /** The controls with which engines talk to each other, as the database controls execute them. */
  private void execute(Control control, Bytes data, Consumer<ControlResult> done) {
    RecordBuffer buffer = RecordBuffer.decode(data);
    switch (control) {
      case VACUUM_FETCH -> {
        engine.vacuumFetch(
            buffer.records().stream().map(record -> RecordKey.of(record.key())).toList());
        done.accept(ControlResult.of(0, Bytes.EMPTY, ""));
      }
      case TRY_DELETE_RECORDS -> {
        var kept = engine.tryDelete(buffer.records());
        done.accept(ControlResult.of(0, new RecordBuffer(buffer.databaseId(), kept).encode(), ""));
      }
      case UPDATE_RECORD ->
          store.update(
              buffer.records(),
              true,
              engine.storeRule(),
              result ->
                  done.accept(
                      ControlResult.of(
                          result.ok() ? 0 : 1, Bytes.EMPTY, result.ok() ? "" : result.error())));
      default -> throw new AssertionError("unexpected control " + control);
    }
    store.checkIdle();
  }

  @Override
  public void controlNoReply(
      int destination, Control control, long srvid, int clientId, Bytes data) {
    throw new AssertionError("an engine has no use for controls without an answer");
  }

  @Override
  public void message(int destination, long srvid, Bytes data) {
    throw new AssertionError("an engine sends no messages");
  }

  @Override
  public void dispatch(long srvid, Bytes data) {
    throw new AssertionError("an engine sends no messages");
  }

  @Override
  public void subscribe(long srvid, Consumer<Bytes> handler) {
    throw new AssertionError("an engine receives no messages");
  }

  @Override
  public void unsubscribe(long srvid, Consumer<Bytes> handler) {
    throw new AssertionError("an engine receives no messages");
  }

  @Override
  public boolean clientConnected(int clientId) {
    return clients.contains(clientId);
  }

  @Override
  public void sendToClient(int clientId, Packet packet) {
    if (!clients.contains(clientId)) {
      return;
    }
    store.checkIdle();
    var reply = (ReplyCall) packet;
    replies.get(clientId).add(reply);
    cluster.answered(this, clientId, reply);
  }

  @Override
  public void cannotServeOthers(String reason) {
    othersKeptWaiting.add(reason);
  }

  @Override
  public void forceRecovery(String reason) {
    forcedRecoveries.add(reason);
  }

  @Override
  public void onClientGone(int clientId, Runnable gone) {
    goneListeners.computeIfAbsent(clientId, _ -> new ArrayList<>()).add(gone);
  }

  // ---- NodeStatistics

  @Override
  public void add(Counter counter, int amount) {
    counters.merge(counter, amount, Integer::sum);
  }

  @Override
  public void latency(LatencyKind kind, double seconds) {
    if (seconds < 0) {
      throw new AssertionError("negative latency");
    }
  }

  @Override
  public void hops(int hopCount) {
    hopCounts.merge(hopCount, 1, Integer::sum);
  }

  // ---- EventLog

  @Override
  public boolean enabled(Level level) {
    return true;
  }

  @Override
  public void log(Level level, String text) {
    log.add(text);
  }
}
