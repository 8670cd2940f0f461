// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.daemon.node.NodeStatistics;
import org.ctdbj.daemon.node.ReqidTable;
import org.ctdbj.daemon.store.HealthStore;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.memory.MemoryStoreFactory;
import org.ctdbj.daemon.store.memory.VirtualTime;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.RandomSource;
import org.ctdbj.recovery.door.Timers;

/** Node 0 of a cluster whose other nodes only exist in what a test says. Keeps what is sent. */
final class FakeNode implements NodeServices, NodeStatistics, EventLog {
  /** A control without reply, a message or a delivery to local clients. */
  record Sent(String kind, int destination, long srvid, Bytes data) {}

  /** A control that waits for its answer. */
  record Asked(int pnn, Control control, Bytes data, Consumer<ControlResult> done) {}

  /** How a request to this node was answered; status null if it was not. */
  static final class Answer implements ControlRequest {
    private final Control control;
    private final int source;
    private final int clientId;
    private final int flags;
    private final Bytes data;
    Integer status;
    Bytes body = Bytes.EMPTY;
    String error = "";

    Answer(Control control, int source, int clientId, int flags, Bytes data) {
      this.control = control;
      this.source = source;
      this.clientId = clientId;
      this.flags = flags;
      this.data = data;
    }

    @Override
    public Control control() {
      return control;
    }

    @Override
    public int source() {
      return source;
    }

    @Override
    public long srvid() {
      return 0;
    }

    @Override
    public int clientId() {
      return clientId;
    }

    @Override
    public int flags() {
      return flags;
    }

    @Override
    public Bytes data() {
      return data;
    }

    @Override
    public void reply(Bytes reply) {
      reply(0);
      body = reply;
    }

    @Override
    public void reply(int newStatus) {
      if (status != null) {
        throw new IllegalStateException(control + " is answered twice");
      }
      status = newStatus;
    }

    @Override
    public void fail(String text) {
      reply(-1);
      error = text;
    }
  }

  final VirtualTime time = new VirtualTime();
  final MemoryStoreFactory files = new MemoryStoreFactory(time, 0);
  final Map<String, String> health = new HashMap<>();
  final List<Object> sent = new ArrayList<>();
  final List<Asked> asked = new ArrayList<>();
  final List<String> othersKeptWaiting = new ArrayList<>();
  final List<String> forced = new ArrayList<>();
  final Set<Integer> clients = new HashSet<>();
  final Map<Tunable, Integer> tunables = new EnumMap<>(Tunable.class);
  final Map<Integer, Integer> flags = new HashMap<>(Map.of(0, 0, 1, 0, 2, 0));
  final Map<Counter, Integer> counters = new EnumMap<>(Counter.class);
  VnnMap map = new VnnMap(77, List.of(0, 1, 2));
  RecoveryMode mode = RecoveryMode.NORMAL;
  Runstate state = Runstate.RUNNING;
  DatabaseRegistry registry;
  private final ReqidTable reqids = new ReqidTable();
  private final Map<Integer, List<Runnable>> gone = new HashMap<>();
  private final Map<Long, Consumer<Bytes>> handlers = new HashMap<>();

  FakeNode() {
    restart();
  }

  /** The daemon anew; files stay. */
  void restart() {
    registry = new DatabaseRegistry(this, files, new Healths());
    registry.register(freshControls());
  }

  private ControlTable table;

  private ControlTable freshControls() {
    table = new ControlTable();
    return table;
  }

  /** A request to this node. */
  Answer ask(Control control, int source, int clientId, int controlFlags, Bytes data) {
    var answer = new Answer(control, source, clientId, controlFlags, data);
    table.handler(control).handle(answer);
    return answer;
  }

  /** A request of another node or of the recovery. */
  Answer ask(Control control, Bytes data) {
    return ask(control, 1, 0, 0, data);
  }

  /** A request whose answer comes after a while. */
  Answer done(Control control, Bytes data) {
    Answer answer = ask(control, data);
    time.pass(1_000_000);
    return answer;
  }

  void message(long srvid, Bytes data) {
    handlers.get(srvid).accept(data);
  }

  boolean listens(long srvid) {
    return handlers.containsKey(srvid);
  }

  void clientGone(int id) {
    clients.remove(id);
    List<Runnable> tasks = gone.remove(id);
    if (tasks != null) {
      tasks.forEach(Runnable::run);
    }
  }

  private final class Healths implements HealthStore {
    @Override
    public Map<String, String> load() {
      return Map.copyOf(health);
    }

    @Override
    public void save(String name, String reason, Consumer<StoreResult<Void>> done) {
      if (reason == null) {
        health.remove(name);
      } else {
        health.put(name, reason);
      }
      time.schedule(0, () -> done.accept(StoreResult.of(null)));
    }

    @Override
    public void close() {}
  }

  @Override
  public int pnn() {
    return 0;
  }

  @Override
  public VnnMap vnnMap() {
    return map;
  }

  @Override
  public RecoveryMode recoveryMode() {
    return mode;
  }

  @Override
  public Runstate runstate() {
    return state;
  }

  @Override
  public int nodeFlags(int pnn) {
    return flags.getOrDefault(pnn, 0x11);
  }

  @Override
  public List<Integer> expand(int destination) {
    return destination >= 0 ? List.of(destination) : flags.keySet().stream().sorted().toList();
  }

  @Override
  public int tunable(Tunable tunable) {
    return tunables.getOrDefault(tunable, tunable.defaultValue());
  }

  @Override
  public Timers timers() {
    return time;
  }

  @Override
  public RandomSource random() {
    return () -> 4;
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
    sent.add(packet);
  }

  @Override
  public void control(
      int pnn,
      Control control,
      long srvid,
      int clientId,
      int controlFlags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done) {
    asked.add(new Asked(pnn, control, data, done));
  }

  @Override
  public void controlNoReply(
      int destination, Control control, long srvid, int clientId, Bytes data) {
    sent.add(new Sent(control.name(), destination, srvid, data));
  }

  @Override
  public void message(int destination, long srvid, Bytes data) {
    sent.add(new Sent("message", destination, srvid, data));
  }

  @Override
  public void dispatch(long srvid, Bytes data) {
    sent.add(new Sent("dispatch", 0, srvid, data));
  }

  @Override
  public void subscribe(long srvid, Consumer<Bytes> handler) {
    handlers.put(srvid, handler);
  }

  @Override
  public void unsubscribe(long srvid, Consumer<Bytes> handler) {
    handlers.remove(srvid, handler);
  }

  @Override
  public boolean clientConnected(int clientId) {
    return clients.contains(clientId);
  }

  @Override
  public void sendToClient(int clientId, Packet packet) {
    sent.add(packet);
  }

  @Override
  public void cannotServeOthers(String reason) {
    othersKeptWaiting.add(reason);
  }

  @Override
  public void forceRecovery(String reason) {
    forced.add(reason);
    mode = RecoveryMode.ACTIVE;
  }

  @Override
  public void onClientGone(int clientId, Runnable task) {
    gone.computeIfAbsent(clientId, _ -> new ArrayList<>()).add(task);
  }

  @Override
  public void add(Counter counter, int amount) {
    counters.merge(counter, amount, Integer::sum);
  }

  @Override
  public void latency(LatencyKind kind, double seconds) {}

  @Override
  public void hops(int hopCount) {}

  @Override
  public boolean enabled(Level level) {
    return false;
  }

  @Override
  public void log(Level level, String text) {}
}
