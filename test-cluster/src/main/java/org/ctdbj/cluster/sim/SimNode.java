// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.ctdbj.daemon.database.DatabaseRegistry;
import org.ctdbj.daemon.node.Host;
import org.ctdbj.daemon.node.NodeConfiguration;
import org.ctdbj.daemon.node.NodeCore;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.HealthStore;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.daemon.store.memory.MemoryStoreFactory;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.recovery.RecoveryDaemon;
import org.ctdbj.recovery.RecoverySettings;
import org.ctdbj.recovery.door.EventLog;

/**
 * One machine: its files, its daemon when it runs, and its clients. The daemon is put together as
 * {@code org.ctdbj.daemon.process.CoreNode} does it.
 */
final class SimNode {
  private final Simulation world;
  private final int pnn;
  private final NodeClock clock;
  private final MemoryStoreFactory files;
  private final Map<String, String> health = new HashMap<>();
  private final Map<String, MemoryDatabaseStore> attached = new TreeMap<>();
  private final List<SimClient> clients = new ArrayList<>();
  private NodeCore core;
  private DatabaseRegistry databases;
  private RecoveryDaemon recovery;
  private boolean up;
  private boolean powered = true;

  SimNode(Simulation world, int pnn) {
    this.world = world;
    this.pnn = pnn;
    this.clock = new NodeClock(world.queue(), () -> world.checker().afterEvent(this));
    this.files = new MemoryStoreFactory(clock, pnn);
  }

  int pnn() {
    return pnn;
  }

  NodeClock clock() {
    return clock;
  }

  NodeCore core() {
    return core;
  }

  DatabaseRegistry databases() {
    return databases;
  }

  /** Whether the daemon runs, be it stopped as by SIGSTOP. */
  boolean up() {
    return up;
  }

  /** Whether the daemon runs and has begun to serve clients. */
  boolean serves() {
    return up && !clients.isEmpty();
  }

  /** Whether the machine rejects packets for connections that it does not know. */
  boolean answersRejects() {
    return powered;
  }

  /** The store of a database; null if the present daemon has not attached it. */
  MemoryDatabaseStore store(String name) {
    return attached.get(name);
  }

  /** The files that the present daemon has open, by name. */
  Map<String, MemoryDatabaseStore> attached() {
    return attached;
  }

  List<SimClient> clients() {
    return clients;
  }

  int generation() {
    return core.vnnMap().generation();
  }

  int flags() {
    return core.nodeFlags(pnn);
  }

  /** Whether the node takes part in the cluster's databases, in its own view. */
  boolean active() {
    return up && !NodeFlags.isInactive(flags()) && generation() != Generation.INVALID;
  }

  /** Whether all databases are of the node's generation, and none is frozen. */
  boolean wholeFiles() {
    return databases.allGenerationsAre(generation())
        && attached.values().stream().allMatch(store -> store.freezeState() == FreezeState.OPEN);
  }

  int leader() {
    return recovery.leader();
  }

  void start() {
    up = true;
    powered = true;
    world.trace().add(pnn, "START", "");
    Profile profile = world.profile();
    var random = new Random(world.random().nextLong());
    List<NodeMap.Node> nodes = new ArrayList<>();
    for (int i = 0; i < profile.nodes(); i++) {
      nodes.add(
          new NodeMap.Node(i, 0, new SockAddr(InetAddress.ofLiteral("10.0.0." + (i + 1)), 4379)));
    }
    var lock = profile.clusterLock() ? world.lock().door(pnn, clock) : NoLock.INSTANCE;
    var log = new Log();
    core =
        new NodeCore(
            new NodeConfiguration(
                pnn,
                nodes,
                Capabilities.DEFAULT,
                false,
                false,
                profile.clusterLock() ? "/lock" : "",
                profile.tunables(),
                profile.fastStart(),
                ProtocolVersion.SAMBA_4_17),
            clock,
            random::nextInt,
            log,
            world.network().door(this),
            new SimHost(),
            lock);
    databases = new DatabaseRegistry(core, new WatchedFiles(world, this, files), new Healths());
    databases.register(core.controls());
    core.connect(databases, databases);
    databases.start(
        frozen -> {
          Violation.unless(frozen, "node %d: databases could not be frozen at the start", pnn);
          started(random, lock, log);
        });
  }

  private void started(Random random, org.ctdbj.recovery.ClusterLock lock, EventLog log) {
    core.setRunstate(Runstate.INIT);
    core.setRunstate(Runstate.SETUP);
    core.setRunstate(Runstate.FIRST_RECOVERY);
    core.start();
    recovery =
        new RecoveryDaemon(
            core.internalClient(),
            clock,
            random::nextInt,
            log,
            lock,
            new RecoverySettings(5, () -> true, false, world.profile().fastStart(), () -> ""),
            failure -> {
              throw new IllegalStateException("recovery core of node " + pnn + " broke", failure);
            });
    recovery.start();
    world.network().daemonUp(pnn);
    world.populate(this);
  }

  /**
   * Everything on the machine ends: daemon and clients.
   *
   * @param silent like a power failure: nobody is told
   */
  void crash(boolean silent) {
    world.trace().add(pnn, silent ? "POWEROFF" : "CRASH", "");
    up = false;
    powered = !silent;
    end();
    world.network().daemonGone(pnn, silent);
  }

  private void end() {
    List.copyOf(clients).forEach(SimClient::machineGone);
    clients.clear();
    attached.values().forEach(MemoryDatabaseStore::thaw); // a transaction that is open is lost
    attached.clear();
    clock.end();
    if (world.lock() != null) {
      world.lock().daemonDied(pnn);
    }
    world.checker().gone(this);
  }

  /** The daemon ends in an orderly way; its clients notice the end of their connections. */
  void stop() {
    world.trace().add(pnn, "STOP", "");
    core.setRunstate(Runstate.SHUTDOWN);
    if (recovery != null) {
      recovery.stop();
    }
    core.stop();
    databases.close();
    up = false;
    end();
    world.network().daemonGone(pnn, false);
  }

  private final class Log implements EventLog {
    @Override
    public boolean enabled(Level level) {
      return level != Level.DEBUG;
    }

    @Override
    public void log(Level level, String text) {
      if (enabled(level)) {
        world.trace().add(pnn, level.name(), text);
      }
    }
  }

  private final class SimHost implements Host {
    @Override
    public int pid() {
      return 1000 + pnn;
    }

    @Override
    public boolean processExists(int pid) {
      return clients.stream().anyMatch(client -> client.pid() == pid);
    }

    @Override
    public void shutdown(int exitCode, String reason) {
      world.trace().add(pnn, "shutdown", reason);
      clock.schedule(
          0,
          () -> {
            if (up) {
              stop();
            }
          });
    }

    @Override
    public List<NodeMap.Node> readNodes() {
      return List.of();
    }

    @Override
    public void nodesChanged(List<NodeMap.Node> nodes) {
      throw new IllegalStateException("the nodes of a simulation do not change");
    }

    @Override
    public int debugLevel() {
      return 0;
    }

    @Override
    public void setDebugLevel(int level) {
      world.trace().add(pnn, "debug", level);
    }

    @Override
    public String memoryReport() {
      return "";
    }

    @Override
    public int memoryUsed() {
      return 0;
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
      clock.schedule(0, () -> done.accept(StoreResult.of(null)));
    }

    @Override
    public void close() {
      // nothing to give back
    }
  }
}
