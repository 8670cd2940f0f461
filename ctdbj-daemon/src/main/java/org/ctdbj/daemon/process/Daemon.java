// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.ctdbj.daemon.config.ConfigurationException;
import org.ctdbj.daemon.config.ConfigurationReader;
import org.ctdbj.daemon.config.DaemonConfiguration;
import org.ctdbj.daemon.config.NodePaths;
import org.ctdbj.daemon.config.NodesFile;
import org.ctdbj.daemon.config.NumericAddress;
import org.ctdbj.daemon.config.Remark;
import org.ctdbj.daemon.config.TransportPort;
import org.ctdbj.daemon.config.TunablesFile;
import org.ctdbj.daemon.log.DaemonLog;
import org.ctdbj.daemon.log.LogLocation;
import org.ctdbj.daemon.net.ClientListener;
import org.ctdbj.daemon.net.NodeLinks;
import org.ctdbj.daemon.net.NodeLoop;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.EventLog;

/**
 * One running daemon, from its configuration to its end.
 *
 * <p>Order of the start: configuration, log, nodes file, directories, tunables, PID file locked,
 * client socket (listening, so that clients wait), PID written, own address and TCP port, cores,
 * clients accepted, links. Order of the end: cores, TCP port, cluster lock, client socket, PID
 * file, log, and last the connections of clients, because who waits for the end of its connection
 * may remove the node's directory at once or start the daemon anew.
 */
public final class Daemon {
  /** Time for the cores to stop. When it is over the rest of the stop goes on without them. */
  private static final long STOP_SECONDS = 30;

  /** When even that hangs, the process is ended; the kernel then frees ports and locks. */
  private static final long WATCHDOG_SECONDS = 60;

  private final DaemonConfiguration configuration;
  private final DaemonLog daemonLog;
  private final EventLog log;
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final CountDownLatch started = new CountDownLatch(1);
  private volatile PidFile pidFile;
  private volatile NodeLoop loop;
  private volatile ClientListener clients;
  private volatile NodeLinks links;
  private volatile NodeClusterLock clusterLock;
  private volatile Node node;

  private Daemon(DaemonConfiguration configuration, DaemonLog daemonLog) {
    this.configuration = configuration;
    this.daemonLog = daemonLog;
    this.log = daemonLog.program("ctdbd");
  }

  /**
   * Starts a daemon; returns when clients are served.
   *
   * @param interactive log to standard error whatever ctdb.conf says
   * @throws StartFailure if it cannot start; everything it had begun is undone then
   */
  public static Daemon start(
      Map<String, String> environment,
      Path workingDirectory,
      boolean interactive,
      NodeAssembly assembly)
      throws StartFailure {
    Daemon daemon;
    List<Remark> remarks;
    try {
      NodePaths paths = NodePaths.from(environment, workingDirectory);
      ConfigurationReader.Loaded loaded = ConfigurationReader.read(paths, workingDirectory);
      DaemonConfiguration configuration = loaded.configuration();
      remarks = loaded.remarks();
      LogLocation location =
          interactive
              ? LogLocation.stderr()
              : LogLocation.parse(configuration.logLocation(), workingDirectory);
      DaemonLog log =
          DaemonLog.open(location, paths.logHostName(hostName()), configuration.debugLevel());
      daemon = new Daemon(configuration, log);
    } catch (ConfigurationException e) {
      throw new StartFailure(StartFailure.CONFIGURATION, e.getMessage(), e);
    }
    try {
      daemon.start(remarks, environment, workingDirectory, assembly);
      return daemon;
    } catch (ConfigurationException e) {
      daemon.undo(e);
      throw new StartFailure(StartFailure.CONFIGURATION, e.getMessage(), e);
    } catch (StartFailure | RuntimeException e) {
      daemon.undo(e);
      throw e;
    }
  }

  private void start(
      List<Remark> remarks,
      Map<String, String> environment,
      Path workingDirectory,
      NodeAssembly assembly)
      throws ConfigurationException, StartFailure {
    NodePaths paths = configuration.paths();
    log.notice("CTDB starting on node");
    remarks.forEach(remark -> remark.logTo(log));
    if (configuration.clusterLock().isEmpty()) {
      log.warning("Cluster lock not set");
    }
    NodesFile nodes = NodesFile.read(paths.nodesFile());
    nodes.remarks().forEach(remark -> remark.logTo(log));
    ConfigurationReader.checkDirectories(configuration);
    TunablesFile<Tunable> tunables = TunablesFile.read(paths.tunablesFile(), Daemon::tunable);
    tunables.remarks().forEach(remark -> remark.logTo(log));
    if (Files.exists(paths.publicAddressesFile())) {
      log.warning(
          paths.publicAddressesFile()
              + ": this version does not serve public addresses; none is taken by this node");
    }

    pidFile = PidFile.lock(paths.pidFile());
    loop = new NodeLoop("node", log, failure -> stop(1));
    try {
      clients = new ClientListener(loop, paths.clientSocket(), log);
    } catch (IOException e) {
      throw new StartFailure(StartFailure.CLIENT_SOCKET, e.getMessage(), e);
    }
    pidFile.publish();
    if (configuration.realtimeScheduling()
        && !paths.testMode()
        && !environment.containsKey("CTDB_NOSETSCHED")) {
      loop.call(this::takeRealtimePriority);
    }
    int pnn = listen(nodes);
    clusterLock =
        new NodeClusterLock(
            configuration.clusterLock(),
            environment,
            workingDirectory,
            loop.executor(),
            loop.timers(),
            daemonLog.program("ctdb-recoverd"));
    node =
        assembly.assemble(
            new NodeParts(
                configuration,
                nodes,
                pnn,
                tunables.values(),
                environment,
                loop,
                links,
                clusterLock,
                daemonLog,
                this::stop));
    clients.accept(node);
    loop.call(
        () -> {
          links.start(node, pnn, nodes.nodes());
          node.start();
        });
    started.countDown();
  }

  private static Tunable tunable(String name) {
    Tunable tunable = Tunable.byName(name);
    return tunable == null || tunable.obsolete() ? null : tunable;
  }

  private void takeRealtimePriority() {
    if (!RealtimePriority.take()) {
      log.warning(
          "the node thread gets no real-time priority (CAP_SYS_NICE is missing); [legacy] realtime scheduling");
    }
  }

  /** Opens the TCP port on the own address and returns the own number. */
  private int listen(NodesFile nodes) throws ConfigurationException {
    String configured = configuration.nodeAddress().orElse(null);
    List<InetAddress> candidates =
        configured != null
            ? NumericAddress.parse(configured).stream().toList()
            : nodes.nodes().stream()
                .filter(entry -> !entry.deleted())
                .map(NodesFile.Entry::address)
                .toList();
    if (configured != null && nodes.byAddress(candidates.getFirst()).isEmpty()) {
      throw new ConfigurationException(
          "[cluster] node address "
              + configured
              + " is not in the nodes file "
              + configuration.paths().nodesFile());
    }
    try {
      links = NodeLinks.listen(loop, candidates, TransportPort.ofThisHost(), log);
    } catch (IOException e) {
      throw new ConfigurationException(
          "no address of the nodes file "
              + configuration.paths().nodesFile()
              + " can be used as the own one: "
              + e.getMessage(),
          e);
    }
    int pnn = nodes.byAddress(links.ownAddress()).orElseThrow().pnn();
    log.notice("this is node " + pnn + ", address " + links.ownAddress().getHostAddress());
    return pnn;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /** What the daemon ended with; complete after its end. */
  public CompletableFuture<Integer> exitCode() {
    return exitCode;
  }

  /** Closes and opens the log file. */
  public void reopenLog() {
    log.notice("reopening logs");
    daemonLog.reopen();
  }

  /** Begins the orderly end, from any thread; a second call has no effect. */
  public void stop(int code) {
    if (stopping.compareAndSet(false, true)) {
      log.notice("Shutdown sequence commencing.");
      Thread.ofPlatform().name("stop").start(() -> stopNow(code));
    }
  }

  private void stopNow(int code) {
    Thread.ofPlatform().name("stop watchdog").daemon().start(this::watchStop);
    try {
      started.await(STOP_SECONDS, TimeUnit.SECONDS);
      stopNode();
      release();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exitCode.complete(code);
    }
  }

  private void watchStop() {
    try {
      exitCode.get(WATCHDOG_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      System.err.println("ctdbd: the daemon does not stop, ending the process");
      Runtime.getRuntime().halt(1);
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("nobody interrupts this thread or fails the exit code", e);
    }
  }

  private void stopNode() throws InterruptedException {
    if (node == null) {
      return;
    }
    var stopped = new CountDownLatch(1);
    loop.executor().execute(() -> node.stop(stopped::countDown));
    if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
      log.error(
          "the node has not stopped within " + STOP_SECONDS + " seconds; going on without it");
    }
  }

  /** Gives back everything that others may wait for, in the order that the class comment tells. */
  private void release() throws InterruptedException {
    if (links != null) {
      links.close();
    }
    if (clusterLock != null) {
      loop.call(clusterLock::releaseAll);
      clusterLock.awaitReleased();
    }
    if (clients != null) {
      clients.stopListening();
    }
    if (pidFile != null) {
      pidFile.close();
    }
    log.notice("CTDB daemon shutting down");
    daemonLog.close();
    if (clients != null) {
      clients.disconnectClients();
    }
    if (loop != null) {
      loop.close();
    }
  }

  private void undo(Exception failure) {
    log.error(failure.getMessage());
    stopping.set(true);
    try {
      release();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
