// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqMessage;
import org.ctdbj.recovery.ClusterLock;
import org.ctdbj.recovery.ClusterPort;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.RandomSource;
import org.ctdbj.recovery.door.Timers;

/**
 * The control plane of one node: takes what arrives from clients and nodes to the part that deals
 * with it. Its input methods are called on the node thread, one after the other.
 */
public final class NodeCore implements NodeServices {
  private final NodeConfiguration configuration;
  private final Timers timers;
  private final RandomSource random;
  private final EventLog log;
  private final NodeNetwork network;
  private final Host host;
  private final ReqidTable reqids = new ReqidTable();
  private final Map<Integer, Client> clients = new HashMap<>();
  private final NodeTable nodes;
  private final MessageTable messages = new MessageTable(this::deliver);
  private final RoomWatch roomWatch;
  private final ControlTable controls = new ControlTable();
  private final ControlRouter router;
  private final NodeCounters statistics;
  private final Keepalive keepalive;
  private final PacketDispatch dispatch;
  private final NodeModes modes;

  /**
   * By node: the generation in which packets to and from it were lost last, its link being down.
   */
  private final Map<Integer, Integer> lossyIn = new HashMap<>();

  private TunableValues tunables;
  private Timers.Timer historyTimer;
  private InternalClient internal;

  /** Puts the control plane together; {@link #connect} and {@link #start} have to follow. */
  public NodeCore(
      NodeConfiguration configuration,
      Timers timers,
      RandomSource random,
      EventLog log,
      NodeNetwork network,
      Host host,
      ClusterLock clusterLock) {
    this.configuration = configuration;
    this.timers = timers;
    this.random = random;
    this.log = log;
    this.network = network;
    this.host = host;
    this.tunables = configuration.tunables();
    this.nodes = new NodeTable(configuration);
    this.router = new ControlRouter(this, controls);
    this.statistics = new NodeCounters(timers.wallClockMicros());
    this.keepalive = new Keepalive(this, configuration.keepaliveVersion());
    this.dispatch = new PacketDispatch(this, messages, router, keepalive);
    this.modes = new NodeModes(this, configuration, clusterLock);
    new ClientControls(this, messages).register(controls);
    var nodeControls = new NodeControls(this, modes, host);
    nodeControls.register(controls);
    this.roomWatch = new RoomWatch(this, nodeControls::banSelf);
    new InformationControls(this, modes, host).register(controls);
    new AddressControls(configuration.pnn()).register(controls);
    modes.register(controls);
  }

  /**
   * Tells the control plane where packets about records go and what has to be done to all databases
   * at once.
   */
  public void connect(RecordTraffic traffic, DatabaseHooks hooks) {
    dispatch.connect(traffic);
    modes.connect(hooks);
  }

  /** The node serves clients and links now: begins to watch the other nodes and to come up. */
  public void start() {
    keepalive.start();
    scheduleHistory();
    modes.start();
  }

  /** The node goes down: no more signs of life, no more changes. */
  public void stop() {
    keepalive.stop();
    if (historyTimer != null) {
      historyTimer.cancel();
    }
    modes.stop();
  }

  /** Registers the handlers of other parts. */
  public ControlTable controls() {
    return controls;
  }

  // ---- clients

  /** A client has connected; returns its id. */
  public int clientConnected(ClientPort port) {
    int id = reqids.allocate(port);
    clients.put(id, new Client(id, port));
    return id;
  }

  /** A packet from a client. Operations that clients may not use are ignored. */
  public void clientPacket(int clientId, Packet packet) {
    Client client = clients.get(clientId);
    if (client == null) {
      return;
    }
    dispatch.fromClient(client, packet);
  }

  /** A client's connection has ended, from whichever side. */
  public void clientGone(int clientId) {
    Client client = clients.remove(clientId);
    if (client == null) {
      return;
    }
    reqids.remove(clientId);
    messages.removeClient(client);
    router.clientGone(clientId);
    client.notifications().forEach((srvid, data) -> message(Pnn.BROADCAST_CONNECTED, srvid, data));
    client.goneListeners().forEach(Runnable::run);
    if (client.hasPersistentUpdates()) {
      forceRecovery("client " + client.pid() + " has gone with an update of a persistent database");
    }
  }

  /**
   * The recovery core's connection: a client like any other. There is one at a time: the connection
   * of a recovery core that has broken ends when its successor gets its own.
   */
  public ClusterPort internalClient() {
    if (internal != null) {
      internal.close();
    }
    internal = new InternalClient(this);
    internal.connected(clientConnected(internal));
    return internal;
  }

  void registerInternal(long srvid, int clientId) {
    messages.register(srvid, clients.get(clientId));
  }

  void deregisterInternal(long srvid, int clientId) {
    messages.deregister(srvid, clients.get(clientId));
  }

  boolean processExists(int pid) {
    return host.processExists(pid);
  }

  int hostPid() {
    return host.pid();
  }

  // ---- nodes

  /** A packet from another node's connection. */
  public void nodePacket(Packet packet) {
    statistics.increment(Counter.NODE_PACKETS_RECEIVED);
    if (!(packet instanceof ReqCall call && call.hopCount() != 0)) {
      nodes.heard(packet.header().source());
    }
    dispatch.fromNode(packet);
  }

  /** Both connections to a node stand now. */
  public void linkUp(int pnn) {
    if (nodes.linkUp(pnn)) {
      log.notice("node " + pnn + " is connected");
      Integer lossy = lossyIn.remove(pnn);
      if (lossy != null && lossy == vnnMap().generation() && lossy != Generation.INVALID) {
        // The leader has not noticed. Whoever waits for an answer that was on that link, or for a
        // record, would wait for ever.
        modes.packetsLost(
            "packets from and to node " + pnn + " were lost while they were not connected");
      }
    }
  }

  /** The connections to a node have broken or been closed. */
  public void linkDown(int pnn) {
    if (nodes.linkDown(pnn)) {
      log.notice("node " + pnn + " is disconnected");
      lossyIn.put(pnn, vnnMap().generation());
      router.nodeGone(pnn);
    }
  }

  /** The nodes file has changed. */
  void reloadNodes(List<NodeMap.Node> changed) {
    nodes.reload(changed).forEach(router::nodeGone);
  }

  /** Gives a node up. */
  void nodeDead(int pnn) {
    network.restart(pnn);
    linkDown(pnn);
  }

  // ---- services

  @Override
  public int pnn() {
    return configuration.pnn();
  }

  @Override
  public VnnMap vnnMap() {
    return modes.vnnMap();
  }

  @Override
  public RecoveryMode recoveryMode() {
    return modes.recoveryMode();
  }

  @Override
  public Runstate runstate() {
    return modes.runstate();
  }

  /** Sets how far the node has come; only ever upwards. */
  public void setRunstate(Runstate runstate) {
    modes.setRunstate(runstate);
  }

  /** What the node can be used for now, {@link org.ctdbj.protocol.Capabilities}. */
  public int capabilities() {
    return modes.capabilities();
  }

  @Override
  public int nodeFlags(int pnn) {
    NodeTable.Entry entry = nodes.find(pnn);
    return entry == null ? NodeFlags.DELETED | NodeFlags.DISCONNECTED : entry.flags();
  }

  int ownFlags() {
    return nodes.own().flags();
  }

  NodeTable nodes() {
    return nodes;
  }

  int clientCount() {
    return clients.size();
  }

  Client client(int clientId) {
    return clients.get(clientId);
  }

  /** A client whose process has this id, or null. */
  Client clientOfProcess(int pid) {
    for (Client client : clients.values()) {
      if (client.pid() == pid) {
        return client;
      }
    }
    return null;
  }

  @Override
  public List<Integer> expand(int destination) {
    return nodes.expand(destination);
  }

  @Override
  public int tunable(Tunable tunable) {
    return tunables.get(tunable);
  }

  TunableValues tunables() {
    return tunables;
  }

  void setTunable(Tunable tunable, int value) {
    tunables = tunables.with(tunable, value);
  }

  @Override
  public Timers timers() {
    return timers;
  }

  @Override
  public RandomSource random() {
    return random;
  }

  @Override
  public EventLog log() {
    return log;
  }

  @Override
  public ReqidTable reqids() {
    return reqids;
  }

  @Override
  public NodeStatistics statistics() {
    return statistics;
  }

  NodeCounters counters() {
    return statistics;
  }

  /** The header of a packet of this node. */
  Header headerTo(int pnn, int reqid) {
    return new Header(vnnMap().generation(), pnn, pnn(), reqid);
  }

  @Override
  public void send(Packet packet) {
    int destination = packet.header().destination();
    statistics.increment(Counter.NODE_PACKETS_SENT);
    if (destination == pnn()) {
      timers.schedule(0, () -> dispatch.fromNode(packet));
      return;
    }
    NodeTable.Entry peer = nodes.find(destination);
    if (peer == null) {
      return;
    }
    if (!peer.connected()) {
      lossyIn.put(destination, vnnMap().generation());
    }
    network.send(destination, packet);
  }

  @Override
  public void control(
      int pnn,
      Control control,
      long srvid,
      int clientId,
      int flags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done) {
    router.send(pnn, control.number(), srvid, clientId, flags, data, timeoutSeconds, done);
  }

  @Override
  public void controlNoReply(
      int destination, Control control, long srvid, int clientId, Bytes data) {
    router.noReply(destination, control.number(), srvid, clientId, ControlFlags.NOREPLY, data);
  }

  @Override
  public void message(int destination, long srvid, Bytes data) {
    for (int pnn : nodes.expand(destination)) {
      send(new ReqMessage(headerTo(pnn, 0), srvid, data));
    }
  }

  @Override
  public void dispatch(long srvid, Bytes data) {
    messages.dispatch(
        new ReqMessage(headerForClient(0), srvid, data), tunable(Tunable.MAX_QUEUE_DROP_MSG));
  }

  @Override
  public void subscribe(long srvid, Consumer<Bytes> handler) {
    messages.register(srvid, handler);
  }

  @Override
  public void unsubscribe(long srvid, Consumer<Bytes> handler) {
    messages.deregister(srvid, handler);
  }

  @Override
  public boolean clientConnected(int clientId) {
    return clients.containsKey(clientId);
  }

  @Override
  public void sendToClient(int clientId, Packet packet) {
    Client client = clients.get(clientId);
    if (client != null) {
      send(client, packet);
    }
  }

  void send(Client client, Packet packet) {
    deliver(client, packet.withHeader(headerForClient(packet.header().reqid())));
  }

  private void deliver(Client client, Packet packet) {
    statistics.increment(Counter.CLIENT_PACKETS_SENT);
    client.port().send(packet);
  }

  /** Clients see this node as the source, wherever a packet comes from, as with ctdbd. */
  private Header headerForClient(int reqid) {
    return new Header(vnnMap().generation(), 0, pnn(), reqid);
  }

  @Override
  public void cannotServeOthers(String reason) {
    roomWatch.noRoom(reason);
  }

  @Override
  public void forceRecovery(String reason) {
    modes.forceRecovery(reason);
  }

  @Override
  public void onClientGone(int clientId, Runnable gone) {
    Client client = clients.get(clientId);
    if (client != null) {
      client.onGone(gone);
    }
  }

  void shutdown(int exitCode, String reason) {
    modes.setRunstate(Runstate.SHUTDOWN);
    host.shutdown(exitCode, reason);
  }

  private void scheduleHistory() {
    historyTimer =
        timers.scheduleSeconds(
            Math.max(1, Integer.toUnsignedLong(tunable(Tunable.STAT_HISTORY_INTERVAL))),
            () -> {
              statistics.endInterval(timers.wallClockMicros());
              scheduleHistory();
            });
  }

  Bytes statisticsBody() {
    return statistics.encode(
        clientCount(),
        modes.frozen(),
        recoveryMode() == RecoveryMode.ACTIVE,
        host.memoryUsed(),
        timers.wallClockMicros());
  }
}
