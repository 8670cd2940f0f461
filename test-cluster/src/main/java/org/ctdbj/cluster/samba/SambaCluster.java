// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.samba;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.Commands;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.FileTree;

/**
 * Nodes with a daemon and smbd each, connected by a bridge in a namespace of its own, from where
 * clients connect. Closing it ends everything and removes the namespaces and files.
 */
public final class SambaCluster implements AutoCloseable {
  /** User that exists in the cluster's account database. */
  public static final String USER = "tester";

  /** The user's password. */
  public static final String PASSWORD = "Passw0rd";

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String NET = "10.87.0.";

  private final String prefix;
  private final Path directory;
  private final List<SambaNode> nodes;

  private SambaCluster(String prefix, Path directory, List<SambaNode> nodes) {
    this.prefix = prefix;
    this.directory = directory;
    this.nodes = nodes;
  }

  /** What is missing on this machine for such a cluster; empty if nothing is. */
  public static Optional<String> missing() {
    if (!DaemonKind.root()) {
      return Optional.of("network and mount namespaces need root");
    }
    for (String program :
        List.of(
            "/usr/sbin/smbd", "/usr/bin/smbclient", "/usr/bin/smbpasswd", "/usr/bin/smbstatus")) {
      if (!Files.isExecutable(Path.of(program))) {
        return Optional.of(
            program + " is not installed (packages samba, samba-common-bin, smbclient)");
      }
    }
    if (!Files.isExecutable(Path.of("/sbin/ip")) && !Files.isExecutable(Path.of("/usr/bin/ip"))) {
      return Optional.of("the program ip is not installed (package iproute2)");
    }
    return Optional.empty();
  }

  /** Makes the namespaces and the configuration of a cluster; starts nothing. */
  public static SambaCluster create(int count, DaemonKind kind) {
    try {
      Path directory = Files.createTempDirectory("ctdbj-samba");
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      for (String name : List.of("shared", "shared/data")) {
        Path made = Files.createDirectories(directory.resolve(name));
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
      }
      String prefix = "cj" + ProcessHandle.current().pid() % 100_000;
      List<SambaNode> nodes = new ArrayList<>();
      var cluster = new SambaCluster(prefix, directory, nodes);
      try {
        cluster.makeHub();
        for (int i = 0; i < count; i++) {
          nodes.add(SambaNode.boot(i, count, kind, prefix, NET, directory));
        }
      } catch (RuntimeException e) {
        cluster.close();
        throw e;
      }
      return cluster;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts all daemons, waits until they are healthy, then starts all smbd and makes the test user.
   */
  public SambaCluster start() {
    nodes.forEach(SambaNode::startDaemon);
    awaitHealthy(Duration.ofMinutes(2));
    nodes.forEach(SambaNode::startSmbd);
    addUser();
    return this;
  }

  /**
   * Waits until every running daemon sees every running one as healthy; returns how long it took.
   */
  public Duration awaitHealthy(Duration limit) {
    List<SambaNode> running = nodes.stream().filter(SambaNode::daemonRunning).toList();
    return Await.until(
        "all nodes healthy",
        limit,
        () -> running.stream().allMatch(node -> node.seesHealthy(running)),
        this::describe);
  }

  /** Makes the test user in the account database of the cluster. */
  public void addUser() {
    node(0)
        .shell("printf '%s\\n%s\\n' " + PASSWORD + " " + PASSWORD + " | smbpasswd -s -a " + USER);
  }

  /** The nodes in the order of their numbers. */
  public List<SambaNode> nodes() {
    return List.copyOf(nodes);
  }

  /** One node. */
  public SambaNode node(int pnn) {
    return nodes.get(pnn);
  }

  /** The directory that the share exports, the same on all nodes. */
  public Path share() {
    return directory.resolve("shared/data");
  }

  /** Prefix for a command that is to run where clients are. */
  public List<String> clientCommand(String... command) {
    List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", hub()));
    whole.addAll(List.of(command));
    return whole;
  }

  /** Runs a command where clients are. */
  public Commands.Result client(Duration limit, String... command) {
    return Commands.run(clientCommand(command), Map.of(), limit);
  }

  /** {@code USER%PASSWORD} as Samba's client programs take it. */
  public static String credentials() {
    return USER + "%" + PASSWORD;
  }

  /** The ends of the daemons' logs, for messages. */
  public String describe() {
    var text = new StringBuilder();
    for (SambaNode node : nodes) {
      text.append("--- node ").append(node.pnn()).append('\n').append(node.logTail(40));
    }
    return text.toString();
  }

  private String hub() {
    return prefix + "hub";
  }

  private void makeHub() {
    ip("netns", "add", hub());
    inHub("ip", "link", "set", "lo", "up");
    inHub("ip", "link", "add", "br0", "type", "bridge");
    inHub("ip", "link", "set", "br0", "up");
    inHub("ip", "addr", "add", NET + "254/24", "dev", "br0");
  }

  private void inHub(String... command) {
    client(LIMIT, command).orThrow(List.of(command));
  }

  static void ip(String... arguments) {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    Commands.run(command, Map.of(), LIMIT).orThrow(command);
  }

  @Override
  public void close() {
    nodes.forEach(SambaNode::powerOff);
    List<String> names =
        new ArrayList<>(
            IntStream.range(0, nodes.size())
                .mapToObj(i -> SambaNode.namespace(prefix, i))
                .toList());
    names.add(hub());
    for (String name : names) {
      Commands.run(List.of("ip", "netns", "del", name), Map.of(), LIMIT);
    }
    FileTree.delete(directory);
  }
}
