// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.samba;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.Commands;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.local.DaemonConnection;

/** One node of a {@link SambaCluster}: its namespaces, its daemon and its smbd. */
public final class SambaNode {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Directories of the machine over which every node has its own. */
  private static final List<String> PRIVATE =
      List.of(
          "etc/ctdb",
          "etc/samba",
          "var/lib/ctdb",
          "var/lib/samba",
          "run",
          "var/log",
          "var/cache/samba");

  private final int pnn;
  private final DaemonKind kind;
  private final String address;
  private final Path directory;
  private final Process keeper;
  private final long init;

  private SambaNode(
      int pnn, DaemonKind kind, String address, Path directory, Process keeper, long init) {
    this.pnn = pnn;
    this.kind = kind;
    this.address = address;
    this.directory = directory;
    this.keeper = keeper;
    this.init = init;
  }

  static String namespace(String prefix, int pnn) {
    return prefix + "n" + pnn;
  }

  static SambaNode boot(
      int pnn, int count, DaemonKind kind, String prefix, String net, Path clusterDirectory)
      throws IOException {
    String address = net + (pnn + 1);
    Path directory = clusterDirectory.resolve("n" + pnn);
    NodeFiles.write(count, net, directory, clusterDirectory.resolve("shared"));
    String namespace = namespace(prefix, pnn);
    String hub = prefix + "hub";
    SambaCluster.ip("netns", "add", namespace);
    SambaCluster.ip(
        "-n", hub, "link", "add", "p" + pnn, "type", "veth", "peer", "name", "eth0", "netns",
        namespace);
    SambaCluster.ip("-n", hub, "link", "set", "p" + pnn, "master", "br0", "up");
    SambaCluster.ip("-n", namespace, "link", "set", "lo", "up");
    SambaCluster.ip("-n", namespace, "link", "set", "eth0", "up");
    SambaCluster.ip("-n", namespace, "addr", "add", address + "/24", "dev", "eth0");

    String mounts =
        PRIVATE.stream()
            .map(name -> "mount --bind " + directory.resolve(name) + " /" + name)
            .collect(Collectors.joining(" && "));
    String files =
        Stream.of("passwd", "group", "hosts")
            .map(name -> "mount --bind " + directory.resolve(name) + " /etc/" + name)
            .collect(Collectors.joining(" && "));
    // The first process of the namespace has to stay and to collect the orphans.
    String script =
        mounts + " && " + files + " && touch /run/booted && while :; do sleep 3600 & wait; done";
    Process keeper =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                namespace,
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--uts",
                "--ipc",
                "--kill-child",
                "--mount-proc",
                "--propagation",
                "private",
                "sh",
                "-c",
                script)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("init.log").toFile())
            .start();
    Path booted = directory.resolve("run/booted");
    Await.until(
        "node " + pnn + " has booted",
        LIMIT,
        () -> Files.exists(booted) && keeper.children().findFirst().isPresent(),
        () -> tail(directory.resolve("init.log"), 20));
    long init = keeper.children().findFirst().orElseThrow().pid();
    return new SambaNode(pnn, kind, address, directory, keeper, init);
  }

  /** The node's number. */
  public int pnn() {
    return pnn;
  }

  /** The node's address, as clients and other nodes use it. */
  public String address() {
    return address;
  }

  /** Prefix for a command that is to run on the node. */
  public List<String> command(String... command) {
    List<String> whole =
        new ArrayList<>(
            List.of(
                "nsenter",
                "-t",
                Long.toString(init),
                "-m",
                "-p",
                "-n",
                "-u",
                "-i",
                "--",
                "env",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root",
                "LC_ALL=C.UTF-8"));
    whole.addAll(Arrays.asList(command));
    return whole;
  }

  /** Runs a command on the node. */
  public Commands.Result run(String... command) {
    return Commands.run(command(command), Map.of(), Duration.ofSeconds(130));
  }

  /** Runs a line of shell on the node, which must succeed. */
  public Commands.Result shell(String line) {
    return run("sh", "-c", line).orThrow(List.of(line));
  }

  /** Runs Samba's {@code ctdb} tool on the node. */
  public Commands.Result ctdb(String... arguments) {
    return run(Stream.concat(Stream.of("ctdb"), Arrays.stream(arguments)).toArray(String[]::new));
  }

  /** Starts the daemon; returns when its command has put itself into the background. */
  public void startDaemon() {
    String line = String.join(" ", kind.command()) + " < /dev/null";
    shell("cd / && " + line);
    Await.until("daemon of node " + pnn, LIMIT, this::daemonRunning, () -> logTail(40));
  }

  /** The daemon's process id in the node's namespace. */
  public Optional<Long> daemonPid() {
    try {
      return Optional.of(
          Long.parseLong(Files.readString(directory.resolve("run/ctdb/ctdbd.pid")).trim()));
    } catch (IOException | NumberFormatException notThere) {
      return Optional.empty();
    }
  }

  /** Whether the daemon lives. */
  public boolean daemonRunning() {
    return daemonPid().isPresent()
        && Files.exists(socket())
        && run("kill", "-0", Long.toString(daemonPid().get())).exitCode() == 0;
  }

  /** SIGKILL for the daemon alone; smbd then ends by itself. */
  public void killDaemon() {
    long pid = daemonPid().orElseThrow();
    shell("kill -KILL " + pid + "; rm -f /run/ctdb/ctdbd.pid");
  }

  /** Starts smbd and waits until it listens. */
  public void startSmbd() {
    shell("ulimit -c 0; smbd -D -d 1");
    Await.until(
        "smbd of node " + pnn + " listens",
        LIMIT,
        () -> run("bash", "-c", "echo > /dev/tcp/127.0.0.1/445").exitCode() == 0,
        () -> tail(directory.resolve("var/log/samba/log.smbd"), 30) + logTail(30));
  }

  /** The ends of the daemon's log. */
  public String logTail(int lines) {
    return tail(directory.resolve("var/log/ctdb/log.ctdb"), lines);
  }

  /** The node's directory outside of its namespace. */
  public Path directory() {
    return directory;
  }

  /** The daemon's socket, seen from outside of the namespace. */
  public Path socket() {
    return directory.resolve("run/ctdb/ctdbd.socket");
  }

  boolean seesHealthy(List<SambaNode> running) {
    try (DaemonConnection connection = DaemonConnection.open(socket())) {
      return connection.healthy(running.stream().map(SambaNode::pnn).toList());
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Ends everything on the node at once, as a power failure would. */
  public void powerOff() {
    ProcessHandle.of(init).ifPresent(ProcessHandle::destroyForcibly);
    keeper.destroyForcibly();
    try {
      keeper.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while node " + pnn + " goes down", e);
    }
  }

  private static String tail(Path file, int lines) {
    try {
      List<String> all = Files.readAllLines(file, java.nio.charset.StandardCharsets.ISO_8859_1);
      return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size())) + "\n";
    } catch (IOException e) {
      return "(" + e.getMessage() + ")\n";
    }
  }

  /** The files a node finds in its own /etc and /var. */
  private static final class NodeFiles {
    private NodeFiles() {}

    static void write(int count, String net, Path directory, Path shared) throws IOException {
      for (String name : PRIVATE) {
        Files.createDirectories(directory.resolve(name));
      }
      for (String name :
          List.of(
              "etc/ctdb/events/legacy",
              "run/ctdb",
              "run/samba",
              "run/lock",
              "var/log/samba",
              "var/log/ctdb",
              "var/lib/ctdb/volatile",
              "var/lib/ctdb/persistent",
              "var/lib/ctdb/state",
              "var/lib/samba/private",
              "var/lib/samba/usershares",
              "var/lib/samba/printers")) {
        Files.createDirectories(directory.resolve(name));
      }
      Files.writeString(
          directory.resolve("etc/ctdb/nodes"),
          IntStream.rangeClosed(1, count)
              .mapToObj(i -> net + i + "\n")
              .collect(Collectors.joining()));
      Files.writeString(
          directory.resolve("etc/ctdb/ctdb.conf"),
          """
          [logging]
          \tlocation = file:/var/log/ctdb/log.ctdb
          \tlog level = NOTICE
          [cluster]
          \tcluster lock = %s/cluster.lock
          [legacy]
          \trealtime scheduling = false
          """
              .formatted(shared));
      Files.writeString(
          directory.resolve("etc/samba/smb.conf"),
          """
          [global]
          \tclustering = yes
          \tnetbios name = CTDBJ
          \tworkgroup = WORKGROUP
          \tserver role = standalone server
          \tmap to guest = never
          \tdisable netbios = yes
          \tsmb ports = 445
          \tlog file = /var/log/samba/log.%%m
          \tmax log size = 0
          \tlog level = 1
          \tload printers = no
          \tprinting = bsd
          \tprintcap name = /dev/null
          \tdisable spoolss = yes
          \tkernel oplocks = no
          \tkernel share modes = no
          \tposix locking = no
          \tea support = yes
          %s
          [share]
          \tpath = %s/data
          \tread only = no
          \tcreate mask = 0777
          \tdirectory mask = 0777
          \tforce create mode = 0666
          """
              .formatted(vfsObjects(), shared));
      Files.writeString(
          directory.resolve("passwd"),
          withLine(
              "/etc/passwd", SambaCluster.USER, "x:20001:20001::/nonexistent:/usr/sbin/nologin"));
      Files.writeString(
          directory.resolve("group"), withLine("/etc/group", SambaCluster.USER, "x:20001:"));
      Files.writeString(
          directory.resolve("hosts"),
          "127.0.0.1 localhost\n"
              + IntStream.range(0, count)
                  .mapToObj(i -> net + (i + 1) + " node" + i + "\n")
                  .collect(Collectors.joining()));
      for (String name : List.of("passwd", "group", "hosts")) {
        Files.setPosixFilePermissions(
            directory.resolve(name), PosixFilePermissions.fromString("rw-r--r--"));
      }
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.setPosixFilePermissions(
          directory.resolve("run"), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Device numbers may differ between nodes; streams and attributes are needed by some tests. */
    private static String vfsObjects() {
      try (Stream<Path> libraries = Files.list(Path.of("/usr/lib"))) {
        boolean there =
            libraries.anyMatch(
                library ->
                    Files.exists(library.resolve("samba/vfs/fileid.so"))
                        && Files.exists(library.resolve("samba/vfs/streams_xattr.so")));
        return there ? "\tvfs objects = fileid streams_xattr\n\tfileid:algorithm = fsname\n" : "";
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String withLine(String file, String name, String rest) throws IOException {
      return Files.readAllLines(Path.of(file)).stream()
              .filter(line -> !line.startsWith(name + ":"))
              .collect(Collectors.joining("\n"))
          + "\n"
          + name
          + ":"
          + rest
          + "\n";
    }
  }
}
