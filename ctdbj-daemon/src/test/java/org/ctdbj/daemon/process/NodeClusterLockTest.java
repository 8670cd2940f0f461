// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.ctdbj.daemon.net.NodeLoop;
import org.ctdbj.recovery.ClusterLock;
import org.ctdbj.recovery.door.EventLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class NodeClusterLockTest {
  private static final Path HELPER = Path.of("/usr/libexec/ctdb/ctdb_mutex_fcntl_helper");

  @TempDir Path directory;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final EventLog log =
      new EventLog() {
        @Override
        public boolean enabled(Level level) {
          return true;
        }

        @Override
        public void log(Level level, String text) {
          lines.add(text);
        }
      };
  private final NodeLoop loop = new NodeLoop("node", log, failure -> lines.add(failure.toString()));
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    loop.close();
  }

  private NodeClusterLock lock(String setting, Map<String, String> environment) {
    return new NodeClusterLock(
        Optional.of(setting), environment, directory, loop.executor(), loop.timers(), log);
  }

  private ClusterLock.Attempt acquire(NodeClusterLock lock, int timeoutSeconds) {
    var attempt = new CompletableFuture<ClusterLock.Attempt>();
    loop.call(
        () ->
            attempt.complete(
                lock.acquire(
                    timeoutSeconds,
                    outcome -> events.add(outcome.name()),
                    () -> events.add("lost"))));
    return attempt.join();
  }

  private String next() throws InterruptedException {
    return events.poll(30, TimeUnit.SECONDS);
  }

  private void release(NodeClusterLock lock, ClusterLock.Attempt attempt)
      throws InterruptedException {
    loop.call(attempt::release);
    lock.awaitReleased();
  }

  @Test
  void aFileIsHeldByOneAttemptAlsoWithinTheProcess() throws Exception {
    NodeClusterLock lock = lock("lock", Map.of());
    assertTrue(lock.configured());
    ClusterLock.Attempt first = acquire(lock, 5);
    assertEquals("HELD", next());
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("lock"))));
    acquire(lock, 5);
    assertEquals("CONTENDED", next());
    release(lock, first);
    ClusterLock.Attempt second = acquire(lock, 5);
    assertEquals("HELD", next());
    release(lock, second);
    assertTrue(events.isEmpty());
  }

  @Test
  void aReplacedFileIsALostLock() throws Exception {
    NodeClusterLock lock = lock("lock", Map.of());
    acquire(lock, 5);
    assertEquals("HELD", next());
    Files.delete(directory.resolve("lock"));
    assertEquals("lost", next());
  }

  @Test
  void aFileThatCannotBeOpenedIsAnError() throws Exception {
    acquire(lock("no/such/directory/lock", Map.of()), 5);
    assertEquals("ERROR", next());
    assertTrue(
        lines.stream().anyMatch(line -> line.contains("no/such/directory/lock")), lines.toString());
  }

  private Path script(String body) throws Exception {
    Path script = directory.resolve("helper-" + System.nanoTime());
    Files.writeString(script, "#!/bin/sh\n" + body);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }

  @Test
  void theFirstByteOfACommandIsTheOutcome() throws Exception {
    Path echo = script("printf '%s' \"$1\"\n");
    for (var expected : List.of("1 CONTENDED", "2 TIMEOUT", "3 ERROR", "x ERROR")) {
      acquire(lock("!" + echo + "  " + expected.charAt(0), Map.of()), 5);
      assertEquals(expected.substring(2), next());
    }
    acquire(lock("!" + script("exit 0\n"), Map.of()), 5);
    assertEquals("ERROR", next());
    acquire(lock("!/no/such/program", Map.of()), 5);
    assertEquals("ERROR", next());
  }

  @Test
  void aCommandHoldsUntilItEndsOrIsReleased() throws Exception {
    Path keeps =
        script("echo $$ >\"$1\"; echo 'a message' >&2; printf 0; exec tail -f /dev/null\n");
    Path pidFile = directory.resolve("pid");
    NodeClusterLock lock = lock("!" + keeps + " " + pidFile, Map.of());
    ClusterLock.Attempt attempt = acquire(lock, 5);
    assertEquals("HELD", next());
    ProcessHandle helper =
        ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip())).orElseThrow();
    release(lock, attempt);
    helper.onExit().get(20, TimeUnit.SECONDS);

    acquire(lock, 5);
    assertEquals("HELD", next());
    helper = ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip())).orElseThrow();
    assertTrue(helper.destroyForcibly());
    assertEquals("lost", next());
    assertTrue(lines.contains("cluster lock helper: a message"), lines.toString());
  }

  @Test
  void aCommandThatDoesNotAnswerTimesOutAndIsEnded() throws Exception {
    Path pidFile = directory.resolve("pid");
    Path silent = script("trap '' TERM; echo $$ >\"$1\"; while :; do sleep 0.2; done\n");
    NodeClusterLock lock = lock("!" + silent + " " + pidFile, Map.of());
    acquire(lock, 1);
    assertEquals("TIMEOUT", next());
    lock.awaitReleased();
    assertFalse(ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip())).isPresent());
  }

  @Test
  void theHelperOfTheEnvironmentLocksFiles() throws Exception {
    Path echo = script("[ \"$1\" = lock ] && printf 1\n");
    acquire(lock("lock", Map.of("CTDB_CLUSTER_MUTEX_HELPER", echo.toString())), 5);
    assertEquals("CONTENDED", next());
  }

  @Test
  @Tag("interop")
  void excludesSambasOwnHelper() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(HELPER), HELPER + " is missing: install the package ctdb");
    Path file = directory.resolve("lock");
    NodeClusterLock theirs = lock("!" + HELPER + " " + file, Map.of());
    NodeClusterLock ours = lock(file.toString(), Map.of());
    ClusterLock.Attempt attempt = acquire(theirs, 5);
    assertEquals("HELD", next());
    acquire(ours, 5);
    assertEquals("CONTENDED", next());
    release(theirs, attempt);
    attempt = acquire(ours, 5);
    assertEquals("HELD", next());
    acquire(theirs, 5);
    assertEquals("CONTENDED", next());
    release(ours, attempt);
  }
}
