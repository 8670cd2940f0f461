// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.Commands;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.body.VnnMap;

/** One node of a {@link LocalCluster}. */
public final class LocalNode {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration LEADER_LIMIT = Duration.ofMillis(1500);
  private static final Duration COMMAND_LIMIT = Duration.ofSeconds(130);

  private final int pnn;
  private DaemonKind kind;
  private final Path base;
  private final String address;

  private LocalNode(int pnn, DaemonKind kind, Path base, String address) {
    this.pnn = pnn;
    this.kind = kind;
    this.base = base;
    this.address = address;
  }

  static LocalNode create(
      int pnn,
      DaemonKind kind,
      Path clusterDirectory,
      String address,
      String nodeLines,
      ClusterSettings settings)
      throws IOException {
    Path base = clusterDirectory.resolve("n" + pnn);
    for (String name :
        List.of(
            "run", "var", "share", "events/legacy", "db/volatile", "db/persistent", "db/state")) {
      Files.createDirectories(base.resolve(name));
    }
    Files.writeString(base.resolve("nodes"), nodeLines);
    var tunables = new StringBuilder();
    settings.tunables().forEach((name, value) -> tunables.append(name + "=" + value + "\n"));
    Files.writeString(base.resolve("ctdb.tunables"), tunables);
    String lock =
        settings.clusterLock()
            ? "\tcluster lock = " + clusterDirectory.resolve("cluster.lock") + "\n"
            : "";
    Files.writeString(
        base.resolve("ctdb.conf"),
        """
        [logging]
        \tlocation = file:%1$s/log.ctdb
        \tlog level = %2$s
        [cluster]
        \tnode address = %3$s
        %4$s[database]
        \tvolatile database directory = %1$s/db/volatile
        \tpersistent database directory = %1$s/db/persistent
        \tstate database directory = %1$s/db/state
        \ttdb mutexes = %5$s
        [legacy]
        \trealtime scheduling = false
        """
            .formatted(base, settings.logLevel(), address, lock, settings.mutexes()));
    return new LocalNode(pnn, kind, base, address);
  }

  /** The node's number. */
  public int pnn() {
    return pnn;
  }

  /** Which daemon it runs. */
  public DaemonKind kind() {
    return kind;
  }

  /** From its next start on the node runs this daemon, on the same files. */
  public void become(DaemonKind next) {
    kind = next;
  }

  /** The node's directory: CTDB_BASE. */
  public Path base() {
    return base;
  }

  /** The node's address. */
  public String address() {
    return address;
  }

  /** The daemon's Unix socket. */
  public Path socket() {
    return base.resolve("run/ctdbd.socket");
  }

  /** What programs that are to talk to this node need in their environment. */
  public Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("CTDB_TEST_MODE", "yes");
    environment.put("CTDB_BASE", base.toString());
    environment.put("CTDB_SOCKET", socket().toString());
    return environment;
  }

  /** Ends the daemon as an administrator does; returns when the {@code ctdb} tool does. */
  public void shutdown() {
    ctdb("shutdown").orThrow(List.of("ctdb", "shutdown"));
  }

  /**
   * The number of the leader that this node's clients hear of, once a second; empty if they hear
   * nothing for longer, or the daemon does not run.
   */
  public Optional<Integer> leader() {
    try (DaemonConnection connection = DaemonConnection.open(this)) {
      connection.register(Srvid.LEADER);
      return connection
          .message(Srvid.LEADER, LEADER_LIMIT)
          .map(message -> message.data().getInt(0))
          .filter(leader -> leader != Pnn.UNKNOWN);
    } catch (IOException notRunning) {
      return Optional.empty();
    }
  }

  /** The node's VNN map. */
  public VnnMap vnnMap() throws IOException {
    try (DaemonConnection connection = DaemonConnection.open(this)) {
      return VnnMap.decode(connection.control(Control.GETVNNMAP, Bytes.EMPTY).data());
    }
  }

  /** Starts the daemon; returns when its command has put itself into the background. */
  public void start() {
    start(Map.of());
  }

  /**
   * {@link #start()} with more in the daemon's environment, for example {@code CTDBJ_JAVA_OPTS}.
   */
  public void start(Map<String, String> more) {
    List<String> command = kind.command();
    tryStart(more).orThrow(command);
    Await.until(
        "pid file and socket of node " + pnn,
        START_LIMIT,
        () -> running() && Files.exists(socket()),
        () -> logTail(40));
  }

  /** Runs the daemon's command and returns how it went; a second daemon fails, for example. */
  public Commands.Result tryStart(Map<String, String> more) {
    Map<String, String> environment = environment();
    environment.putAll(more);
    return Commands.run(kind.command(), environment, START_LIMIT);
  }

  /** The process id in the PID file, if there is one. */
  public Optional<Long> pid() {
    try {
      return Optional.of(Long.parseLong(Files.readString(base.resolve("run/ctdbd.pid")).trim()));
    } catch (IOException | NumberFormatException notThere) {
      return Optional.empty();
    }
  }

  /** Whether the daemon's process lives. */
  public boolean running() {
    return pid().filter(LocalNode::lives).isPresent();
  }

  /**
   * Whether a process lives. One that has ended and that nobody has collected yet does not: the
   * daemons are nobody's children here, and in a container it may take long until somebody collects
   * them.
   */
  public static boolean lives(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state != 'Z' && state != 'X';
    } catch (IOException gone) {
      return false;
    }
  }

  /**
   * SIGKILL for the daemon and everything it has started, then waits for its end and removes the
   * PID file.
   */
  public void kill() {
    Optional<ProcessHandle> daemon = pid().flatMap(ProcessHandle::of);
    if (daemon.isPresent()) {
      List<ProcessHandle> family = new ArrayList<>(daemon.get().descendants().toList());
      family.addFirst(daemon.get());
      family.forEach(ProcessHandle::destroyForcibly);
      Await.until(
          "end of the processes of node " + pnn,
          START_LIMIT,
          () -> family.stream().noneMatch(process -> lives(process.pid())),
          () -> logTail(10));
    }
    try {
      Files.deleteIfExists(base.resolve("run/ctdbd.pid"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends the daemon's process a signal by name, for example STOP or CONT. */
  public void signal(String name) {
    List<String> command = List.of("kill", "-" + name, Long.toString(pid().orElseThrow()));
    Commands.run(command, Map.of(), COMMAND_LIMIT).orThrow(command);
  }

  /** Runs Samba's {@code ctdb} tool against this node. */
  public Commands.Result ctdb(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add("ctdb");
    command.addAll(List.of(arguments));
    return Commands.run(command, environment(), COMMAND_LIMIT);
  }

  /** The last lines of the daemon's log. */
  public String logTail(int lines) {
    try {
      List<String> all = Files.readAllLines(base.resolve("log.ctdb"));
      return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size())) + "\n";
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")\n";
    }
  }

  boolean seesHealthy(List<LocalNode> running) {
    try (DaemonConnection connection = DaemonConnection.open(this)) {
      return connection.healthy(running.stream().map(LocalNode::pnn).toList());
    } catch (IOException notYet) {
      return false;
    }
  }
}
