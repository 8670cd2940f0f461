// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.ctdbj.protocol.body.NodeMap;

/** A process and a machine as a test wants them. */
final class TestHost implements Host {
  final Set<Integer> processes = new HashSet<>();
  final List<String> shutdowns = new ArrayList<>();
  final List<List<NodeMap.Node>> changes = new ArrayList<>();
  List<NodeMap.Node> nodesFile;
  String nodesFileProblem;
  int debugLevel = 3;

  TestHost(List<NodeMap.Node> nodesFile) {
    this.nodesFile = nodesFile;
  }

  @Override
  public int pid() {
    return 4711;
  }

  @Override
  public boolean processExists(int pid) {
    return processes.contains(pid);
  }

  @Override
  public void shutdown(int exitCode, String reason) {
    shutdowns.add(exitCode + " " + reason);
  }

  @Override
  public List<NodeMap.Node> readNodes() throws IOException {
    if (nodesFileProblem != null) {
      throw new IOException(nodesFileProblem);
    }
    return nodesFile;
  }

  @Override
  public void nodesChanged(List<NodeMap.Node> nodes) {
    changes.add(nodes);
  }

  @Override
  public int debugLevel() {
    return debugLevel;
  }

  @Override
  public void setDebugLevel(int level) {
    debugLevel = level;
  }

  @Override
  public String memoryReport() {
    return "full talloc report\n";
  }

  @Override
  public int memoryUsed() {
    return 123456;
  }
}
