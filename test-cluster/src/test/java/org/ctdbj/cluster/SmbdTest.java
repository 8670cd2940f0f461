// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.samba.SambaCluster;
import org.ctdbj.cluster.samba.SambaNode;
import org.ctdbj.cluster.samba.SmbSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real smbd on three nodes over this project's daemons. The last test kills a daemon. */
@Tag("interop")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class SmbdTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /**
   * What fails with Samba 4.17.12 over the original ctdbd, too, and on a server without a cluster.
   */
  private static final Map<String, Set<String>> KNOWN =
      Map.of(
          "smb2.oplock", Set.of("batch20", "batch22b", "stream1"),
          "smb2.durable-open", Set.of("delete_on_close2"));

  private static SambaCluster cluster;

  @BeforeAll
  static void start() {
    Assumptions.assumeTrue(
        SambaCluster.missing().isEmpty(), () -> SambaCluster.missing().orElseThrow());
    Assumptions.assumeTrue(DaemonKind.underTest().available(), DaemonKind.underTest().missing());
    cluster = SambaCluster.create(3, DaemonKind.underTest()).start();
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @ParameterizedTest
  @Order(1)
  @ValueSource(strings = {"smb2.lock", "smb2.oplock", "smb2.sharemode", "smb2.durable-open"})
  void passesOnOneNodeAsOverTheOriginal(String suite) {
    Assumptions.assumeTrue(Torture.available(), "package samba-testsuite is missing");
    Torture.Verdicts verdicts = Torture.run(cluster, List.of(cluster.node(0)), suite);
    assertEquals("", verdicts.unexpected(KNOWN.getOrDefault(suite, Set.of())), cluster::describe);
    assertTrue(verdicts.passed().size() >= 3, verdicts::output);
  }

  /** In each of these tests the second connection goes to another node than the first. */
  @ParameterizedTest
  @Order(2)
  @ValueSource(
      strings = {
        "smb2.lock.lock",
        "smb2.lock.async",
        "smb2.lock.cancel",
        "smb2.lock.contend",
        "smb2.lock.overlap",
        "smb2.sharemode.sharemode-access",
        "smb2.oplock.exclusive2",
        "smb2.oplock.exclusive5",
        "smb2.oplock.batch1",
        "smb2.oplock.batch6",
        "smb2.oplock.batch7",
        "smb2.oplock.batch10",
        "smb2.oplock.levelii500",
        "smb2.lease.break",
        "smb2.lease.oplock",
        "smb2.lease.multibreak",
        "smb2.lease.breaking1",
        "smb2.lease.breaking3"
      })
  void crossesNodes(String test) {
    Assumptions.assumeTrue(Torture.available(), "package samba-testsuite is missing");
    Torture.Verdicts verdicts =
        Torture.run(cluster, List.of(cluster.node(0), cluster.node(2)), test);
    assertEquals("", verdicts.unexpected(Set.of()), () -> verdicts.output() + cluster.describe());
    assertEquals(1, verdicts.passed().size(), verdicts::output);
  }

  @Test
  @Order(3)
  void aShareModeIsRespectedThroughAnotherNode() throws IOException {
    String file = "shared.txt";
    Files.writeString(cluster.share().resolve(file), "text\n");
    Files.setPosixFilePermissions(
        cluster.share().resolve(file), PosixFilePermissions.fromString("rw-rw-rw-"));
    try (var session = new SmbSession(cluster, cluster.node(1))) {
      session.send("open " + file);
      awaitOpen(file, 1);
      String answer = smbclient(cluster.node(2), "del " + file);
      assertTrue(answer.contains("NT_STATUS_SHARING_VIOLATION"), answer);
    }
    Await.until(
        "the file is closed",
        LIMIT,
        () -> !locks(cluster.node(0)).contains(file),
        cluster::describe);
    smbclient(cluster.node(2), "del " + file);
    assertTrue(Files.notExists(cluster.share().resolve(file)));
  }

  @Test
  @Order(4)
  void theOthersServeAgainAfterADaemonIsKilled() throws IOException {
    String file = "survivor.txt";
    try (var session = new SmbSession(cluster, cluster.node(1))) {
      Files.writeString(cluster.share().resolve(file), "text\n");
      Files.setPosixFilePermissions(
          cluster.share().resolve(file), PosixFilePermissions.fromString("rw-rw-rw-"));
      session.send("open " + file);
      awaitOpen(file, 1);
      long start = System.nanoTime();
      cluster.node(0).killDaemon();
      String answer = smbclient(cluster.node(2), "del " + file);
      double seconds = (System.nanoTime() - start) / 1e9;
      assertTrue(answer.contains("NT_STATUS_SHARING_VIOLATION"), answer + cluster.describe());
      System.out.printf(
          "smbd on the surviving nodes served again %.2f s after SIGKILL of a daemon%n", seconds);
    }
    cluster.awaitHealthy(LIMIT);
    cluster.node(0).startDaemon();
    cluster.awaitHealthy(LIMIT);
    cluster.node(0).startSmbd();
    assertTrue(smbclient(cluster.node(0), "del " + file).isBlank(), cluster::describe);
  }

  private static void awaitOpen(String file, int pnn) {
    Await.until(
        file + " is open through node " + pnn,
        LIMIT,
        () ->
            locks(cluster.node(2))
                .lines()
                .anyMatch(line -> line.startsWith(pnn + ":") && line.contains(file)),
        cluster::describe);
  }

  private static String locks(SambaNode node) {
    return node.run("smbstatus", "--locks").output();
  }

  private static String smbclient(SambaNode node, String commands) {
    Commands.Result result =
        cluster.client(
            Duration.ofMinutes(2),
            "smbclient",
            "//" + node.address() + "/share",
            "-U",
            SambaCluster.credentials(),
            "-c",
            commands);
    return result.output() + result.errors();
  }
}
