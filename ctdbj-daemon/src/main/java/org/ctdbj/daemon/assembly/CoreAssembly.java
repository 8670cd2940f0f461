// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.assembly;

import java.util.Map;
import java.util.concurrent.CompletionException;
import org.ctdbj.daemon.config.DaemonConfiguration;
import org.ctdbj.daemon.node.NodeConfiguration;
import org.ctdbj.daemon.process.Node;
import org.ctdbj.daemon.process.NodeAssembly;
import org.ctdbj.daemon.process.NodeParts;
import org.ctdbj.daemon.process.StartFailure;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;

/** Makes the node of a daemon. */
public final class CoreAssembly implements NodeAssembly {
  /** For the service loader. */
  public CoreAssembly() {}

  @Override
  public Node assemble(NodeParts parts) throws StartFailure {
    var node = new CoreNode[1];
    try {
      // Files with mutexes and everything else belong to the node thread from the beginning.
      parts.loop().call(() -> node[0] = new CoreNode(parts, configuration(parts)));
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException problem) {
        throw new StartFailure(StartFailure.CONFIGURATION, problem.getMessage(), problem);
      }
      throw e;
    }
    return node[0];
  }

  private static NodeConfiguration configuration(NodeParts parts) {
    DaemonConfiguration file = parts.configuration();
    TunableValues tunables = TunableValues.defaults();
    for (Map.Entry<Tunable, Integer> set : parts.tunables().entrySet()) {
      tunables = tunables.with(set.getKey(), set.getValue());
    }
    int capabilities = Capabilities.DEFAULT;
    if (!file.leaderCapability()) {
      capabilities &= ~Capabilities.LEADER;
    }
    if (!file.lmasterCapability()) {
      capabilities &= ~Capabilities.LMASTER;
    }
    return new NodeConfiguration(
        parts.pnn(),
        ProcessHost.nodes(parts.nodes()),
        capabilities,
        file.startAsStopped(),
        file.startAsDisabled(),
        file.clusterLock().orElse(""),
        tunables,
        parts.environment().containsKey("CTDB_TEST_MODE"),
        keepaliveVersion(parts));
  }

  /** Tests of mixed versions name another one in the environment, as ctdbd lets them in test mode. */
  private static int keepaliveVersion(NodeParts parts) {
    String version = parts.environment().get("CTDB_TEST_SAMBA_VERSION");
    if (version == null || !parts.environment().containsKey("CTDB_TEST_MODE")) {
      return ProtocolVersion.SAMBA_4_17;
    }
    try {
      return Integer.parseUnsignedInt(version);
    } catch (NumberFormatException e) {
      parts
          .log()
          .program("ctdbd")
          .warning("CTDB_TEST_SAMBA_VERSION is \"" + version + "\", expected a decimal number; ignored");
      return ProtocolVersion.SAMBA_4_17;
    }
  }
}
