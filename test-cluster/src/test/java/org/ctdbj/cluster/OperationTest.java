// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.local.ClusterSettings;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.protocol.NodeFlags;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What administrators and accidents do to the processes of a cluster. */
@Tag("interop")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Path LOCK_HELPER = Path.of("/usr/libexec/ctdb/ctdb_mutex_fcntl_helper");

  @BeforeEach
  void needsPrograms() {
    DaemonKind kind = DaemonKind.underTest();
    Assumptions.assumeTrue(kind.available(), kind::missing);
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/ctdb")), "/usr/bin/ctdb is missing (package ctdb)");
  }

  /** The clusters that tests share, by whether they have a cluster lock. */
  private final ReusedClusters<Boolean, LocalCluster> shared =
      new ReusedClusters<>(OperationTest::started, LocalCluster::close);

  /**
   * The next recovery may come a second after the last; silent nodes are given up after 4 seconds
   * instead of 30, a silent leader after 3 instead of 5; an election takes a second instead of 3.
   */
  private static LocalCluster prepared(boolean lock, int size) throws IOException {
    var settings =
        ClusterSettings.usual()
            .withClusterLock(lock)
            .withTunables(
                Map.of(
                    "RerecoveryTimeout", 1,
                    "KeepaliveInterval", 1,
                    "KeepaliveLimit", 3,
                    "ElectionTimeout", 1));
    LocalCluster cluster =
        LocalCluster.create(Collections.nCopies(size, DaemonKind.underTest()), settings);
    for (LocalNode node : cluster.nodes()) {
      Path file = node.base().resolve("ctdb.conf");
      Files.writeString(
          file,
          Files.readString(file).replace("\tnode address", "\tleader timeout = 3\n\tnode address"));
    }
    return cluster;
  }

  private static LocalCluster started(boolean lock) throws IOException {
    LocalCluster cluster = prepared(lock, 3);
    try {
      return cluster.start();
    } catch (RuntimeException | Error failure) {
      cluster.close();
      throw failure;
    }
  }

  private void onShared(boolean lock, ReusedClusters.Drill<LocalCluster> drill) throws Exception {
    shared.with(lock, drill);
  }

  @AfterAll
  void endShared() {
    shared.close();
  }

  private static void await(LocalCluster cluster, String what, Condition condition) {
    Duration took =
        Await.until(
            what,
            LIMIT,
            () -> {
              try {
                return condition.holds();
              } catch (IOException notYet) {
                return false;
              }
            },
            cluster::describe);
    System.out.println("[measured] " + took.toMillis() + " ms: " + what);
  }

  /** Something to wait for; an exception means: not yet. */
  private interface Condition {
    boolean holds() throws IOException;
  }

  private static LocalNode leader(LocalCluster cluster) {
    Await.until("a leader", LIMIT, () -> cluster.node(0).leader().isPresent(), cluster::describe);
    return cluster.node(cluster.node(0).leader().orElseThrow());
  }

  private static List<LocalNode> others(LocalCluster cluster, LocalNode node) {
    return cluster.nodes().stream().filter(each -> each != node).toList();
  }

  private static void assertNobodyBanned(LocalCluster cluster) throws IOException {
    for (LocalNode node : cluster.nodes()) {
      try (var connection = DaemonConnection.open(node)) {
        assertTrue(
            connection.nodeMap().nodes().stream()
                .noneMatch(each -> (each.flags() & NodeFlags.BANNED) != 0),
            cluster::describe);
      }
      assertFalse(
          Files.readString(node.base().resolve("log.ctdb"))
              .toLowerCase(Locale.ROOT)
              .contains("banning"),
          cluster::describe);
    }
  }

  @Execution(ExecutionMode.CONCURRENT)
  @ParameterizedTest(name = "cluster lock = {0}")
  @ValueSource(booleans = {true, false})
  void aKilledLeaderIsReplaced(boolean lock) throws Exception {
    onShared(
        lock,
        cluster -> {
          LocalNode leader = leader(cluster);
          leader.kill();
          List<LocalNode> rest = others(cluster, leader);
          await(cluster, "SIGKILL of the leader, lock " + lock, () -> LocalCluster.together(rest));
          leader.start();
          await(
              cluster, "return of the killed leader", () -> LocalCluster.together(cluster.nodes()));
          assertNobodyBanned(cluster);
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void aSleepingNodeIsLeftOutAndComesBack() throws Exception {
    onShared(
        true,
        cluster -> {
          LocalNode sleeper = others(cluster, leader(cluster)).getFirst();
          long pid = sleeper.pid().orElseThrow();
          sleeper.signal("STOP");
          List<LocalNode> rest = others(cluster, sleeper);
          await(cluster, "SIGSTOP of another than the leader", () -> LocalCluster.together(rest));
          sleeper.signal("CONT");
          await(
              cluster,
              "SIGCONT of another than the leader",
              () -> LocalCluster.together(cluster.nodes()));
          assertEquals(Optional.of(pid), sleeper.pid());
          assertNobodyBanned(cluster);
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void aSleepingLeaderAcceptsItsSuccessor() throws Exception {
    onShared(
        false,
        cluster -> {
          LocalNode sleeper = leader(cluster);
          long pid = sleeper.pid().orElseThrow();
          sleeper.signal("STOP");
          List<LocalNode> rest = others(cluster, sleeper);
          await(cluster, "SIGSTOP of the leader", () -> LocalCluster.together(rest));
          sleeper.signal("CONT");
          await(
              cluster,
              "SIGCONT of the former leader",
              () -> LocalCluster.together(cluster.nodes()));
          assertEquals(Optional.of(pid), sleeper.pid());
          assertNobodyBanned(cluster);
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void aSleepingLeaderKeepsTheClusterLock() throws Exception {
    onShared(
        true,
        cluster -> {
          LocalNode sleeper = leader(cluster);
          sleeper.signal("STOP");
          List<LocalNode> rest = others(cluster, sleeper);
          await(
              cluster,
              "the others have no leader",
              () -> rest.stream().allMatch(node -> node.leader().isEmpty()));
          sleeper.signal("CONT");
          await(
              cluster,
              "SIGCONT of the lock's holder",
              () -> LocalCluster.together(cluster.nodes()));
          assertNobodyBanned(cluster);
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void restartsRightAfterAShutdown() throws Exception {
    onShared(
        true,
        cluster -> {
          for (LocalNode node : cluster.nodes()) {
            long pid = node.pid().orElseThrow();
            node.shutdown();
            node.start();
            assertNotEquals(pid, node.pid().orElseThrow());
          }
          await(cluster, "restart after shutdown", () -> LocalCluster.together(cluster.nodes()));
          assertNobodyBanned(cluster);
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void nothingIsWrittenAfterAShutdown() throws Exception {
    try (LocalCluster cluster = prepared(true, 1)) {
      LocalNode node = cluster.node(0);
      node.start();
      long pid = node.pid().orElseThrow();
      node.shutdown();
      FileTree.delete(node.base());
      Await.until("its end", LIMIT, () -> !LocalNode.lives(pid), cluster::describe);
      assertFalse(Files.exists(node.base()));
    }
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void sigtermLeavesNothingAndSigkillOnlyFiles() throws Exception {
    // The original leaves its PID file and its socket after SIGTERM and SIGINT, too.
    boolean cleans = DaemonKind.underTest() == DaemonKind.CTDBJ;
    onShared(
        true,
        cluster -> {
          List<String> signals = List.of("TERM", "KILL", "INT");
          for (LocalNode node : cluster.nodes()) {
            String signal = signals.get(node.pnn());
            ProcessHandle daemon = ProcessHandle.of(node.pid().orElseThrow()).orElseThrow();
            List<ProcessHandle> family = new ArrayList<>(daemon.descendants().toList());
            family.add(daemon);
            node.signal(signal);
            await(
                cluster,
                "end after SIG" + signal,
                () -> family.stream().noneMatch(process -> LocalNode.lives(process.pid())));
            boolean stale = !cleans || signal.equals("KILL");
            assertEquals(stale, Files.exists(node.base().resolve("run/ctdbd.pid")), signal);
            node.start();
          }
          await(cluster, "return after signals", () -> LocalCluster.together(cluster.nodes()));
          assertNobodyBanned(cluster);
        });
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void theLauncherIsCalledCtdbdAndTakesRelativePaths() throws Exception {
    DaemonKind kind = DaemonKind.underTest();
    String program =
        kind == DaemonKind.CTDBD
            ? kind.command().getFirst()
            : DaemonKind.distribution().orElseThrow().resolve("bin/ctdbd").toString();
    try (LocalCluster cluster = prepared(true, 1)) {
      LocalNode node = cluster.node(0);
      Path output = cluster.directory().resolve("output");
      Path fifo = cluster.directory().resolve("fifo");
      List<String> mkfifo = List.of("mkfifo", fifo.toString());
      Commands.run(mkfifo, Map.of(), LIMIT).orThrow(mkfifo);
      ProcessBuilder builder =
          new ProcessBuilder(program)
              .directory(cluster.directory().toFile())
              .redirectInput(fifo.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.environment().put("CTDB_TEST_MODE", "yes");
      builder.environment().put("CTDB_BASE", "n0");
      // The daemon ends when nobody has the FIFO open for writing any more. Opened for both,
      // because opening it for writing only waits for a reader.
      var writer = new RandomAccessFile(fifo.toFile(), "rw");
      long pid;
      try (writer) {
        assertEquals(0, builder.start().waitFor(), () -> text(output) + node.logTail(20));
        await(cluster, "the only node's PID file", node::running);
        pid = node.pid().orElseThrow();
        assertEquals(
            Path.of("ctdbd"),
            Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe")).getFileName());
        assertEquals(0, node.ctdb("ping").exitCode());
        assertTrue(LocalNode.lives(pid));
      }
      await(cluster, "end of standard input", () -> !LocalNode.lives(pid));
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void aKilledLockHelperMakesANewLeaderWithoutABan() throws IOException {
    Assumptions.assumeTrue(
        Files.isExecutable(LOCK_HELPER), LOCK_HELPER + " is missing (package ctdb)");
    try (LocalCluster cluster = prepared(true, 3)) {
      String command = "!" + LOCK_HELPER + " " + cluster.directory().resolve("other.lock");
      for (LocalNode node : cluster.nodes()) {
        changeLock(node, command);
      }
      cluster.start();
      for (int round = 0; round < 2; round++) {
        LocalNode leader = leader(cluster);
        assertEquals(
            "cluster lock: " + command,
            "cluster lock: " + leader.ctdb("getreclock").output().strip());
        List<ProcessHandle> helpers =
            ProcessHandle.of(leader.pid().orElseThrow())
                .orElseThrow()
                .descendants()
                .filter(
                    process -> process.info().command().orElse("").equals(LOCK_HELPER.toString()))
                .toList();
        assertFalse(helpers.isEmpty(), cluster::describe);
        int before = leader.vnnMap().generation();
        helpers.forEach(ProcessHandle::destroyForcibly);
        await(
            cluster,
            "the lock's helper killed",
            () ->
                cluster.node(0).vnnMap().generation() != before
                    && LocalCluster.together(cluster.nodes()));
        assertNobodyBanned(cluster);
      }
    }
  }

  private static void changeLock(LocalNode node, String value) throws IOException {
    Path file = node.base().resolve("ctdb.conf");
    Files.writeString(
        file, Files.readString(file).replaceAll("cluster lock = .*", "cluster lock = " + value));
  }

  @Execution(ExecutionMode.CONCURRENT)
  @Test
  void aNodeWithAnotherClusterLockEnds() throws Exception {
    onShared(
        true,
        cluster -> {
          LocalNode wrong = others(cluster, leader(cluster)).getFirst();
          wrong.shutdown();
          changeLock(wrong, cluster.directory().resolve("wrong.lock").toString());
          List<String> command = new ArrayList<>(wrong.kind().command());
          command.add("-i");
          ProcessBuilder builder =
              new ProcessBuilder(command)
                  .redirectInput(Path.of("/dev/null").toFile())
                  .redirectErrorStream(true)
                  .redirectOutput(cluster.directory().resolve("output").toFile());
          builder.environment().putAll(wrong.environment());
          Process process = builder.start();
          try {
            assertTrue(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS), cluster::describe);
            assertEquals(1, process.exitValue(), cluster::describe);
          } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
          }
          List<LocalNode> rest = others(cluster, wrong);
          await(cluster, "the node with another lock has gone", () -> LocalCluster.together(rest));

          changeLock(wrong, cluster.directory().resolve("cluster.lock").toString());
          wrong.start();
          await(
              cluster, "return with the right lock", () -> LocalCluster.together(cluster.nodes()));
          assertNobodyBanned(cluster);
        });
  }
}
