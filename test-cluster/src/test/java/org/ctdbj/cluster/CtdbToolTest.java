// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Samba's {@code ctdb} tool prints the same over this project's daemons as over the original ones.
 */
@Tag("interop")
class CtdbToolTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** One step: the number of the node whose daemon is asked, and the words of the command. */
  private static final List<String> SCRIPT =
      List.of(
          "0 pnn",
          "1 pnn",
          "0 status",
          "2 status",
          "0 -X status",
          "0 nodestatus all",
          "0 -X nodestatus all",
          "0 -n 1 nodestatus",
          "0 runstate",
          "0 runstate RUNNING",
          "0 runstate startup",
          "0 listnodes",
          "0 -X listnodes",
          "0 getdbmap",
          "0 attach vol.tdb",
          "0 attach per.tdb persistent",
          "0 attach rep.tdb replicated",
          "0 attach per.tdb",
          "0 attach vol.tdb persistent",
          "1 getdbmap",
          "2 -X getdbmap",
          "0 getdbstatus vol.tdb",
          "1 getdbstatus per.tdb",
          "0 getdbstatus none.tdb",
          "0 writekey vol.tdb k1 value1",
          "1 readkey vol.tdb k1",
          "2 readkey vol.tdb k1",
          "0 readkey vol.tdb missing",
          "0 catdb vol.tdb",
          "2 catdb vol.tdb",
          "1 writekey vol.tdb k1 value2",
          "0 cattdb vol.tdb",
          "1 cattdb vol.tdb",
          "0 readkey vol.tdb k1",
          "1 deletekey vol.tdb k1",
          "0 readkey vol.tdb k1",
          "0 catdb vol.tdb",
          "0 pstore per.tdb pk1 pv1",
          "1 pfetch per.tdb pk1",
          "2 pstore per.tdb pk1 pv2",
          "0 pfetch per.tdb pk1",
          "0 getdbseqnum per.tdb",
          "1 pdelete per.tdb pk1",
          "0 catdb per.tdb",
          "2 cattdb per.tdb",
          "0 getdbseqnum per.tdb",
          "0 pstore vol.tdb a b",
          "0 writekey per.tdb a b",
          "0 pstore rep.tdb rk rv",
          "1 pfetch rep.tdb rk",
          "2 catdb rep.tdb",
          "0 recover",
          "0 status",
          "1 catdb per.tdb",
          "1 pfetch rep.tdb rk",
          "0 writekey vol.tdb k3 value3",
          "0 recover",
          "2 readkey vol.tdb k3",
          "1 catdb vol.tdb",
          "0 setdbreadonly vol.tdb",
          "0 setdbsticky vol.tdb",
          "0 getdbmap",
          "1 getdbmap",
          "0 -X getdbmap",
          "0 setdbreadonly per.tdb",
          "0 listvars",
          "0 getvar MonitorInterval",
          "0 setvar MonitorInterval 17",
          "0 getvar monitorinterval",
          "0 setvar NoSuchThing 1",
          "0 getvar MaxRedirectCount",
          "0 setvar MonitorInterval abc",
          "0 getdebug",
          "0 setdebug INFO",
          "0 getdebug",
          "0 setdebug NOTICE",
          "0 getcapabilities",
          "0 -X getcapabilities",
          "0 setlmasterrole off",
          "0 getcapabilities",
          "0 setlmasterrole on",
          "0 ip",
          "0 -X ip",
          "0 ip all",
          "0 ifaces",
          "0 ping",
          "0 -n 1 ping",
          "0 uptime",
          "0 getpid",
          "0 getreclock",
          "0 process-exists 1",
          "0 process-exists 1 0x1234",
          "0 statistics",
          "0 -X statistics",
          "0 statisticsreset",
          "0 dbstatistics vol.tdb",
          "0 stats 1",
          "1 stop",
          "0 nodestatus all",
          "1 status",
          "0 -X status",
          "1 stop",
          "1 attach refused.tdb",
          "1 continue",
          "1 continue",
          "0 ban 300",
          "1 nodestatus all",
          "0 status",
          "0 ban 300",
          "0 unban",
          "0 unban",
          "0 ban 0",
          "0 disable",
          "0 nodestatus",
          "0 disable",
          "0 enable",
          "0 nodestatus",
          "0 ipreallocate",
          "0 reloadnodes",
          "0 -n 7 ping",
          "0 -n 1 shutdown");

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void printsTheSame() throws Exception {
    Assumptions.assumeTrue(DaemonKind.CTDBD.available(), DaemonKind.CTDBD.missing());
    List<String> expected;
    List<String> found;
    try (LocalCluster original = LocalCluster.of(3, DaemonKind.CTDBD).startLedByFirst()) {
      expected = play(original);
    }
    try (LocalCluster ours = LocalCluster.of(3, DaemonKind.underTest()).startLedByFirst()) {
      found = play(ours);
    }
    assertEquals(String.join("\n", expected), String.join("\n", found));
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void shutdownLeavesNothingRunning() {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/ctdb")), "package ctdb is missing");
    try (LocalCluster cluster = LocalCluster.of(2, DaemonKind.underTest()).start()) {
      long pid = cluster.node(0).pid().orElseThrow();
      assertEquals(0, cluster.node(0).ctdb("shutdown").exitCode());
      assertTrue(
          Files.notExists(cluster.node(0).base().resolve("run/ctdbd.pid")),
          "the PID file is gone when the tool returns");
      Await.until("process has ended", LIMIT, () -> !LocalNode.lives(pid), cluster::describe);
      cluster.node(0).start();
      cluster.awaitHealthy(LIMIT);
    }
  }

  private static List<String> play(LocalCluster cluster) {
    List<String> transcript = new ArrayList<>();
    for (String step : SCRIPT) {
      String[] words = step.split(" ");
      int pnn = Integer.parseInt(words[0]);
      String[] arguments = new String[words.length - 1];
      System.arraycopy(words, 1, arguments, 0, arguments.length);
      Commands.Result result = cluster.node(pnn).ctdb(arguments);
      transcript.add("$ " + step);
      transcript.add(comparable(cluster, step, result));
      if (step.endsWith("stop")
          || step.contains("ban ")
          || step.contains("continue")
          || step.contains("unban")) {
        settle(cluster);
      }
    }
    return transcript;
  }

  /**
   * Waits until a change of the cluster has come to rest: every node that takes part has the same
   * map.
   */
  private static void settle(LocalCluster cluster) {
    Await.until(
        "the cluster has settled",
        LIMIT,
        () ->
            cluster.nodes().stream()
                        .map(
                            node ->
                                node.ctdb("-X", "nodestatus", "all")
                                    .output()
                                    .replaceAll("\\|[YN]\\|", ""))
                        .distinct()
                        .count()
                    == 1
                && cluster.nodes().stream()
                    .map(node -> node.ctdb("status").output())
                    .filter(text -> !text.contains("Generation:INVALID"))
                    .allMatch(text -> text.contains("Recovery mode:NORMAL"))
                && cluster.nodes().stream()
                        .map(node -> node.ctdb("status").output())
                        .map(text -> text.replaceAll("(?s).*(Generation:\\S+).*", "$1"))
                        .filter(generation -> !generation.equals("Generation:INVALID"))
                        .distinct()
                        .count()
                    == 1,
        cluster::describe);
  }

  /**
   * What the tool printed, without what differs from run to run: places, times, numbers of
   * processes.
   */
  private static String comparable(LocalCluster cluster, String step, Commands.Result result) {
    String text = "=> " + result.exitCode() + "\n" + result.output() + "2> " + result.errors();
    text =
        text.replace(cluster.directory().toString(), "DIRECTORY")
            .replace(cluster.node(0).address().replaceAll("\\d+$", ""), "NET.")
            .replaceAll("Generation:\\d+", "Generation:NUMBER")
            // Node 0 led first; who follows when it is banned is a race.
            .replaceAll("Leader:[12]", "Leader:PNN")
            .replaceAll("time=[0-9.]+ sec", "time=T sec")
            .replaceAll("[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} \\d{4}", "DATE")
            .replaceAll("\\(\\d{3} [0-9:]{8}\\)", "(AGE)")
            .replaceAll("-?[0-9]+\\.[0-9]{6}", "SECONDS")
            .replaceAll("\\[\\s*[A-Z]*\\] *", "")
            .replaceAll(" +(?=\\n)", "")
            .replaceAll("NET\\.(\\d) +", "NET.$1 ");
    if (step.contains("statistics") || step.contains("stats")) {
      // The counters' names and order; their values depend on how busy the cluster was.
      text = text.replaceAll("\\b\\d+\\b", "N").replaceAll(" +", " ");
    }
    if (step.endsWith("getpid")) {
      text = text.replaceAll("\\d{2,}", "PID");
    }
    if (step.contains("catdb") || step.contains("cattdb")) {
      // Nodes answer in any order.
      String[] records = text.split("\n(?=key\\()");
      java.util.Arrays.sort(records, 1, records.length);
      text = String.join("\n", records);
    }
    return text;
  }
}
