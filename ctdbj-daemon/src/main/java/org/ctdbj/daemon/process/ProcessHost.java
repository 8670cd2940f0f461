// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.IOException;
import java.util.List;
import org.ctdbj.daemon.config.ConfigurationException;
import org.ctdbj.daemon.config.NodesFile;
import org.ctdbj.daemon.config.TransportPort;
import org.ctdbj.daemon.node.Host;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.recovery.door.EventLog;

/** What the control plane asks of this process. */
final class ProcessHost implements Host {
  private final NodeParts parts;
  private final EventLog log;

  ProcessHost(NodeParts parts) {
    this.parts = parts;
    this.log = parts.log().program("ctdbd");
  }

  @Override
  public int pid() {
    return Math.toIntExact(ProcessHandle.current().pid());
  }

  @Override
  public boolean processExists(int pid) {
    return LiveProcesses.exists(pid);
  }

  @Override
  public void shutdown(int exitCode, String reason) {
    log.notice("Shutting down: " + reason);
    parts.shutdown().accept(exitCode);
  }

  @Override
  public List<NodeMap.Node> readNodes() throws IOException {
    try {
      NodesFile file = NodesFile.read(parts.configuration().paths().nodesFile());
      file.remarks().forEach(remark -> remark.logTo(log));
      return nodeMap(file);
    } catch (ConfigurationException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** The list as the control plane knows it; the port is the one that the links use. */
  static List<NodeMap.Node> nodeMap(NodesFile file) {
    return file.nodes().stream()
        .map(
            node ->
                new NodeMap.Node(
                    node.pnn(),
                    node.deleted() ? NodeFlags.DELETED : 0,
                    new SockAddr(node.address(), TransportPort.ofThisHost())))
        .toList();
  }

  @Override
  public void nodesChanged(List<NodeMap.Node> nodes) {
    parts
        .links()
        .reload(
            nodes.stream()
                .map(
                    node ->
                        new NodesFile.Entry(
                            node.pnn(),
                            node.address().address(),
                            (node.flags() & NodeFlags.DELETED) != 0))
                .toList());
  }

  @Override
  public int debugLevel() {
    return parts.log().debugLevel();
  }

  @Override
  public void setDebugLevel(int level) {
    parts.log().setDebugLevel(level);
  }

  /** Lines in the shape of talloc's report, which is what tools expect. */
  @Override
  public String memoryReport() {
    Runtime runtime = Runtime.getRuntime();
    long used = runtime.totalMemory() - runtime.freeMemory();
    return "full talloc report on 'ctdbj' (total %d bytes in 3 blocks)%n"
            .formatted(runtime.totalMemory())
        + line("heap in use", used)
        + line("heap free", runtime.freeMemory())
        + line("heap limit", runtime.maxMemory());
  }

  private static String line(String name, long bytes) {
    return "    %-30s contains %6d bytes in %3d blocks (ref 0)%n".formatted(name, bytes, 1);
  }

  @Override
  public int memoryUsed() {
    Runtime runtime = Runtime.getRuntime();
    return (int) Math.min(Integer.MAX_VALUE, runtime.totalMemory() - runtime.freeMemory());
  }
}
