// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where a node's files are. In test mode (CTDB_TEST_MODE set to anything) everything lives below
 * CTDB_BASE; otherwise the places are Debian's, and CTDB_BASE moves only the nodes file, the public
 * addresses and the notification script, as with ctdbd 4.17. All paths are absolute.
 *
 * @param testMode whether CTDB_TEST_MODE is set
 * @param base CTDB_BASE, or the directory of the configuration if that is not set
 * @param etcDirectory ctdb.conf, tunables, event scripts
 * @param varDirectory default home of the databases
 * @param runDirectory sockets and PID files
 * @param clientSocket the Unix socket that clients connect to; CTDB_SOCKET if that is set
 */
public record NodePaths(
    boolean testMode,
    Path base,
    Path etcDirectory,
    Path varDirectory,
    Path runDirectory,
    Path clientSocket) {
  /** What fits into the address of a Unix socket on Linux, without the terminator. */
  private static final int MAX_SOCKET_PATH_BYTES = 107;

  /**
   * The paths that follow from an environment.
   *
   * @param workingDirectory what relative paths in the environment start from
   */
  public static NodePaths from(Map<String, String> environment, Path workingDirectory)
      throws ConfigurationException {
    boolean testMode = environment.containsKey("CTDB_TEST_MODE");
    String baseName = environment.get("CTDB_BASE");
    if (testMode && (baseName == null || baseName.isEmpty())) {
      throw new ConfigurationException(
          "CTDB_TEST_MODE is set, so CTDB_BASE must be set to the directory that holds everything of this node");
    }
    Path etc = Path.of("/etc/ctdb");
    Path var = Path.of("/var/lib/ctdb");
    Path run = Path.of("/run/ctdb");
    Path base =
        baseName == null || baseName.isEmpty()
            ? etc
            : workingDirectory.resolve(baseName).normalize();
    if (testMode) {
      etc = base;
      var = base.resolve("var");
      run = base.resolve("run");
    }
    String socketName = environment.get("CTDB_SOCKET");
    Path socket =
        socketName == null || socketName.isEmpty()
            ? run.resolve("ctdbd.socket")
            : workingDirectory.resolve(socketName).normalize();
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_SOCKET_PATH_BYTES) {
      throw new ConfigurationException(
          "the path of the client socket has %d bytes, but a Unix socket allows %d: \"%s\"; choose a shorter %s"
              .formatted(
                  length,
                  MAX_SOCKET_PATH_BYTES,
                  socket,
                  socketName == null ? "CTDB_BASE" : "CTDB_SOCKET"));
    }
    return new NodePaths(testMode, base, etc, var, run, socket);
  }

  /** The configuration file. */
  public Path configurationFile() {
    return etcDirectory.resolve("ctdb.conf");
  }

  /** The tunables file. */
  public Path tunablesFile() {
    return etcDirectory.resolve("ctdb.tunables");
  }

  /** The list of nodes. */
  public Path nodesFile() {
    return base.resolve("nodes");
  }

  /** The list of public addresses. */
  public Path publicAddressesFile() {
    return base.resolve("public_addresses");
  }

  /** The PID file. */
  public Path pidFile() {
    return runDirectory.resolve("ctdbd.pid");
  }

  /**
   * Name of this host in log lines: in test mode several nodes share a host, so it is the base
   * directory's name.
   */
  public String logHostName(String realHostName) {
    Path name = base.getFileName();
    return testMode && name != null ? name.toString() : realHostName;
  }
}
