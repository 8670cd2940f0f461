// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.assembly;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.List;
import org.ctdbj.daemon.config.ConfigurationException;
import org.ctdbj.daemon.config.NodesFile;
import org.ctdbj.daemon.config.TransportPort;
import org.ctdbj.daemon.node.Host;
import org.ctdbj.daemon.process.LiveProcesses;
import org.ctdbj.daemon.process.NodeParts;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.recovery.door.EventLog;

/** The process and the system as the control plane sees them. Node thread. */
final class ProcessHost implements Host {
  private final NodeParts parts;
  private final EventLog log;

  ProcessHost(NodeParts parts, EventLog log) {
    this.parts = parts;
    this.log = log;
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
    log.notice("shutting down: " + reason);
    parts.shutdown().accept(exitCode);
  }

  @Override
  public List<NodeMap.Node> readNodes() throws IOException {
    return nodes(read());
  }

  @Override
  public void reloadLinks() throws IOException {
    parts.links().reload(read().nodes());
  }

  private NodesFile read() throws IOException {
    try {
      return NodesFile.read(parts.configuration().paths().nodesFile());
    } catch (ConfigurationException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** The entries of a nodes file as the protocol tells them. */
  static List<NodeMap.Node> nodes(NodesFile file) {
    return file.nodes().stream()
        .map(
            entry ->
                new NodeMap.Node(
                    entry.pnn(),
                    entry.deleted() ? NodeFlags.DELETED : 0,
                    new SockAddr(entry.address(), TransportPort.DEFAULT)))
        .toList();
  }

  @Override
  public int debugLevel() {
    return parts.log().debugLevel();
  }

  @Override
  public void setDebugLevel(int level) {
    parts.log().setDebugLevel(level);
  }

  /** In the shape of the original's report: a name, and how much it contains. */
  @Override
  public String memoryReport() {
    var text = new StringBuilder();
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    MemoryUsage rest = ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage();
    line(text, 0, "full report on 'ctdbj'", heap.getCommitted() + rest.getCommitted());
    line(text, 4, "heap", heap.getUsed());
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      line(text, 8, pool.getName(), pool.getUsage().getUsed());
    }
    return text.toString();
  }

  private static void line(StringBuilder text, int indent, String name, long bytes) {
    text.append(" ".repeat(indent))
        .append(String.format("%-30s contains %10d bytes in      1 blocks (ref 0)%n", name, bytes));
  }

  @Override
  public int memoryUsed() {
    long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return (int) Math.min(used, 0xFFFFFFFFL);
  }
}
