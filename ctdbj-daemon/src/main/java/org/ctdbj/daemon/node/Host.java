// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.io.IOException;
import java.util.List;
import org.ctdbj.protocol.body.NodeMap;

/**
 * What the control plane needs of the process and the system it runs in. Node thread; nothing here
 * blocks for long.
 */
public interface Host {
  /** The daemon's process id. */
  int pid();

  /** Whether a process with this id exists on this machine. */
  boolean processExists(int pid);

  /** Begins to stop the daemon. Further calls have no effect. */
  void shutdown(int exitCode, String reason);

  /**
   * Reads the nodes file as it is now.
   *
   * @return all nodes in the order of their numbers; flags are 0 or DELETED
   * @throws IOException with file, line and reason
   */
  List<NodeMap.Node> readNodes() throws IOException;

  /** The nodes of the cluster are others now: connections are made and closed accordingly. */
  void nodesChanged(List<NodeMap.Node> nodes);

  /** Log level as GET_DEBUG tells it. */
  int debugLevel();

  /** Sets the log level as SET_DEBUG gives it. */
  void setDebugLevel(int level);

  /** Lines of text about the memory in use. */
  String memoryReport();

  /** Bytes of memory in use, at most what fits into 32 bits. */
  int memoryUsed();
}
