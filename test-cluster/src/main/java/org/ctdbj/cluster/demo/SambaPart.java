// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.ctdbj.cluster.Await;
import org.ctdbj.cluster.Commands;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.samba.SambaCluster;
import org.ctdbj.cluster.samba.SambaNode;
import org.ctdbj.cluster.samba.SmbSession;

/** The part with real smbd on three nodes. */
final class SambaPart implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String FILE = "report.txt";

  private final Narrator narrator;
  private final SambaCluster cluster = SambaCluster.create(3, DaemonKind.CTDBJ);

  SambaPart(Narrator narrator) {
    this.narrator = narrator;
  }

  void show() throws IOException {
    narrator.heading("smbd on three nodes, one share");
    long start = System.nanoTime();
    cluster.start();
    narrator.line(
        "three daemons and three smbd serve "
            + Narrator.seconds(Duration.ofNanos(System.nanoTime() - start))
            + " after the start");
    Files.writeString(cluster.share().resolve(FILE), "quarterly figures\n");
    Files.setPosixFilePermissions(
        cluster.share().resolve(FILE), PosixFilePermissions.fromString("rw-rw-rw-"));

    try (var first = new SmbSession(cluster, cluster.node(0));
        var second = new SmbSession(cluster, cluster.node(2))) {
      first.send("open " + FILE);
      awaitOpen(0);
      narrator.line("a client opens " + FILE + " through node 0 and lets nobody delete it");
      String answer = deleteThrough(cluster.node(2));
      narrator.check(
          answer.contains("NT_STATUS_SHARING_VIOLATION"),
          "another client may not delete it through node 2: NT_STATUS_SHARING_VIOLATION");
      second.send("open " + FILE);
      awaitOpen(2);
      narrator.line("that client opens it, too; smbstatus on node 1 lists both:");
      narrator.quote(status());
    }
    Await.until("both files closed", LIMIT, () -> !status().contains(FILE), cluster::describe);
    deleteThrough(cluster.node(2));
    narrator.check(
        Files.notExists(cluster.share().resolve(FILE)),
        "after both have closed it, it can be deleted through node 2");
  }

  private void awaitOpen(int pnn) {
    Await.until(
        FILE + " open through node " + pnn,
        LIMIT,
        () -> status().lines().anyMatch(line -> line.startsWith(pnn + ":") && line.contains(FILE)),
        () -> status() + cluster.describe());
  }

  private String status() {
    return cluster.node(1).run("smbstatus", "--locks").output();
  }

  private String deleteThrough(SambaNode node) {
    Commands.Result result =
        cluster.client(
            LIMIT,
            "smbclient",
            "//" + node.address() + "/share",
            "-U",
            SambaCluster.credentials(),
            "-c",
            "del " + FILE);
    return result.output() + result.errors();
  }

  void hints() {
    SambaNode node = cluster.node(0);
    narrator.line("smbd still runs. For example:");
    narrator.quote(
        String.join(
            " ",
            cluster.clientCommand(
                "smbclient", "//" + node.address() + "/share", "-U", SambaCluster.credentials())));
    narrator.quote(String.join(" ", node.command("ctdb", "status")));
    narrator.quote(String.join(" ", node.command("smbstatus")));
  }

  @Override
  public void close() {
    cluster.close();
  }
}
