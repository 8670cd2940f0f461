// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.ctdbj.daemon.config.DaemonConfiguration;
import org.ctdbj.daemon.database.DatabaseRegistry;
import org.ctdbj.daemon.node.NodeConfiguration;
import org.ctdbj.daemon.node.NodeCore;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.tdb.TdbHealthStore;
import org.ctdbj.daemon.store.tdb.TdbStoreFactory;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.recovery.door.EventLog;

/** The node of the real daemon: control plane, databases in TDB files, recovery core. */
public final class CoreAssembly implements NodeAssembly {
  /** For {@link java.util.ServiceLoader}. */
  public CoreAssembly() {}

  @Override
  public Node assemble(NodeParts parts) throws StartFailure {
    var made = new CompletableFuture<CoreNode>();
    var frozen = new CompletableFuture<Boolean>();
    try {
      parts.loop().call(() -> made.complete(make(parts, frozen)));
      if (!frozen.join()) {
        throw new StartFailure(
            StartFailure.CONFIGURATION,
            "not all persistent databases could be frozen; the log says which",
            null);
      }
      return made.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException store) {
        throw new StartFailure(StartFailure.CONFIGURATION, store.getMessage(), store);
      }
      throw e;
    }
  }

  /** Node thread: everything of a node belongs to it. */
  private static CoreNode make(NodeParts parts, CompletableFuture<Boolean> frozen) {
    DaemonConfiguration configuration = parts.configuration();
    EventLog log = parts.log().program("ctdbd");
    var random = new java.util.Random();
    var core =
        new NodeCore(
            nodeConfiguration(parts),
            parts.loop().timers(),
            random::nextInt,
            log,
            parts.links(),
            new ProcessHost(parts),
            parts.clusterLock());
    var files =
        new TdbStoreFactory(
            configuration.volatileDirectory(),
            configuration.persistentDirectory(),
            parts.pnn(),
            configuration.tdbMutexes(),
            parts.loop().executor(),
            log);
    var health =
        TdbHealthStore.open(configuration.stateDirectory(), parts.pnn(), parts.loop().executor());
    var databases = new DatabaseRegistry(core, files, health);
    databases.register(core.controls());
    core.connect(databases, databases);
    databases.start(frozen::complete);
    return new CoreNode(parts, core, databases, files, health, random::nextInt);
  }

  private static NodeConfiguration nodeConfiguration(NodeParts parts) {
    DaemonConfiguration configuration = parts.configuration();
    int capabilities = Capabilities.DEFAULT;
    if (!configuration.leaderCapability()) {
      capabilities &= ~Capabilities.LEADER;
    }
    if (!configuration.lmasterCapability()) {
      capabilities &= ~Capabilities.LMASTER;
    }
    TunableValues tunables = TunableValues.defaults();
    for (Map.Entry<Tunable, Integer> set : parts.tunables().entrySet()) {
      tunables = tunables.with(set.getKey(), set.getValue());
    }
    return new NodeConfiguration(
        parts.pnn(),
        ProcessHost.nodeMap(parts.nodes()),
        capabilities,
        configuration.startAsStopped(),
        configuration.startAsDisabled(),
        configuration.clusterLock().orElse(""),
        tunables,
        configuration.paths().testMode(),
        keepaliveVersion(parts));
  }

  /** Tests of mixed versions set another one, as a decimal number. */
  private static int keepaliveVersion(NodeParts parts) {
    String text = parts.environment().get("CTDB_TEST_SAMBA_VERSION");
    if (text == null) {
      return ProtocolVersion.SAMBA_4_17;
    }
    try {
      return Integer.parseUnsignedInt(text.strip());
    } catch (NumberFormatException e) {
      parts
          .log()
          .program("ctdbd")
          .warning("CTDB_TEST_SAMBA_VERSION is no decimal number and is ignored: " + text);
      return ProtocolVersion.SAMBA_4_17;
    }
  }
}
