// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import org.ctdbj.daemon.config.DaemonConfiguration;
import org.ctdbj.daemon.database.DatabaseRegistry;
import org.ctdbj.daemon.node.ClientPort;
import org.ctdbj.daemon.node.NodeCore;
import org.ctdbj.daemon.store.tdb.TdbHealthStore;
import org.ctdbj.daemon.store.tdb.TdbStoreFactory;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.recovery.RecoveryDaemon;
import org.ctdbj.recovery.RecoverySettings;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.RandomSource;

/**
 * The cores of a node as one thing: starts and stops them in the right order and brings input to
 * them.
 */
final class CoreNode implements Node {
  /** Pause before a recovery core that has broken is replaced. */
  private static final long REPLACE_SECONDS = 1;

  /** Between looks whether clients are served; the start itself must not be slowed down. */
  private static final long REHEARSAL_SECONDS = 2;

  /** For threads that use files; one that waits for a lock of a hanging smbd would never end. */
  private static final long CLOSE_MILLIS = 3000;

  private final NodeParts parts;
  private final NodeCore core;
  private final DatabaseRegistry databases;
  private final TdbStoreFactory files;
  private final TdbHealthStore health;
  private final RandomSource random;
  private final EventLog log;
  private RecoveryDaemon recovery;
  private RecoveryRehearsal rehearsal;
  private boolean stopped;

  CoreNode(
      NodeParts parts,
      NodeCore core,
      DatabaseRegistry databases,
      TdbStoreFactory files,
      TdbHealthStore health,
      RandomSource random) {
    this.parts = parts;
    this.core = core;
    this.databases = databases;
    this.files = files;
    this.health = health;
    this.random = random;
    this.log = parts.log().program("ctdb-recoverd");
    core.setRunstate(Runstate.INIT);
  }

  @Override
  public void start() {
    core.setRunstate(Runstate.SETUP);
    core.setRunstate(Runstate.FIRST_RECOVERY);
    core.start();
    startRecovery();
    new HeapTrim(parts.loop().timers()).start();
    if (rehearses()) {
      rehearseWhenRunning();
    }
  }

  /** Not in test mode, where many daemons of short life share a machine, unless it is wanted. */
  private boolean rehearses() {
    String wanted = System.getProperty("ctdbj.rehearsal");
    return wanted == null
        ? !parts.configuration().paths().testMode()
        : Boolean.parseBoolean(wanted);
  }

  private void rehearseWhenRunning() {
    if (stopped) {
      return;
    }
    if (core.runstate() != Runstate.RUNNING) {
      parts.loop().timers().scheduleSeconds(REHEARSAL_SECONDS, this::rehearseWhenRunning);
      return;
    }
    rehearsal =
        new RecoveryRehearsal(
            parts.configuration().stateDirectory().resolve("rehearsal"),
            parts.log().program("ctdb-recoverd"));
    rehearsal.start();
  }

  private void startRecovery() {
    if (stopped) {
      return;
    }
    DaemonConfiguration configuration = parts.configuration();
    var settings =
        new RecoverySettings(
            configuration.leaderTimeoutSeconds(),
            () -> (core.capabilities() & Capabilities.LEADER) != 0,
            configuration.failoverDisabled(),
            configuration.paths().testMode(),
            new ProcessHost(parts)::memoryReport);
    recovery =
        new RecoveryDaemon(
            core.internalClient(),
            parts.loop().timers(),
            random,
            log,
            parts.clusterLock(),
            settings,
            failure -> {
              log.error("the recovery core has broken and is replaced: " + failure);
              parts.loop().timers().scheduleSeconds(REPLACE_SECONDS, this::startRecovery);
            });
    recovery.start();
  }

  @Override
  public void stop(Runnable whenStopped) {
    if (!stopped) {
      stopped = true;
      core.setRunstate(Runstate.SHUTDOWN);
      if (recovery != null) {
        recovery.stop();
      }
      if (rehearsal != null) {
        rehearsal.stop();
      }
      core.stop();
      databases.close();
      files.close();
    }
    Thread.ofPlatform().name("close").daemon().start(() -> awaitClosed(whenStopped));
  }

  private void awaitClosed(Runnable whenClosed) {
    try {
      if (!files.awaitClosed(CLOSE_MILLIS) || !health.awaitClosed(CLOSE_MILLIS)) {
        log.warning("a database is still open: a thread waits for a lock of another process");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    } finally {
      whenClosed.run();
    }
  }

  @Override
  public int clientConnected(ClientPort port) {
    return core.clientConnected(port);
  }

  @Override
  public void clientPacket(int clientId, Packet packet) {
    if (!stopped) {
      core.clientPacket(clientId, packet);
    }
  }

  @Override
  public void clientGone(int clientId) {
    if (!stopped) {
      core.clientGone(clientId);
    }
  }

  @Override
  public void nodePacket(Packet packet) {
    if (!stopped) {
      core.nodePacket(packet);
    }
  }

  @Override
  public void linkUp(int pnn) {
    if (!stopped) {
      core.linkUp(pnn);
    }
  }

  @Override
  public void linkDown(int pnn) {
    if (!stopped) {
      core.linkDown(pnn);
    }
  }
}
