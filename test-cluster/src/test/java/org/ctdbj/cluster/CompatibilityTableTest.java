// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.protocol.Control;
import org.junit.jupiter.api.Test;

/** docs/compatibility.md says of every control whether it is served, and says the truth. */
class CompatibilityTableTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| (\\d+) \\| ([A-Z0-9_]+) \\| (works|differs|not yet) \\|");

  @Test
  void everyCurrentControlHasItsRow() throws IOException {
    Map<Integer, String> documented = new TreeMap<>();
    Matcher rows = ROW.matcher(Files.readString(document()));
    while (rows.find()) {
      documented.put(Integer.valueOf(rows.group(1)), rows.group(2));
    }
    Map<Integer, String> expected = new TreeMap<>();
    for (Control control : Control.values()) {
      if (control.status() == Control.Status.CURRENT) {
        expected.put(control.number(), control.name());
      }
    }
    assertEquals(expected, documented);
  }

  /** A control that is not served is reported in the log, once, when it comes. */
  @Test
  void whatIsSaidToBeMissingIsMissing() throws IOException {
    Matcher rows = ROW.matcher(Files.readString(document()));
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ)) {
      cluster.node(0).start();
      try (DaemonConnection connection = DaemonConnection.open(cluster.node(0))) {
        while (rows.find()) {
          Control control = Control.of(Integer.parseInt(rows.group(1)));
          if (rows.group(3).equals("not yet")) {
            int size = control.requestSize().orElse(control.minRequestSize());
            assertEquals(
                -1,
                connection.control(control, org.ctdbj.protocol.Bytes.of(new byte[size])).status(),
                control::name);
          }
        }
      }
      long missing = missing();
      Await.until(
          "a line for each missing control",
          Duration.ofSeconds(30),
          () -> unserved(cluster) == missing,
          cluster::describe);
    }
  }

  private static long unserved(LocalCluster cluster) {
    return cluster
        .node(0)
        .logTail(1000)
        .lines()
        .filter(line -> line.contains("is not served by this version"))
        .count();
  }

  private static long missing() throws IOException {
    return ROW.matcher(Files.readString(document()))
        .results()
        .filter(row -> row.group(3).equals("not yet"))
        .count();
  }

  private static Path document() {
    return DaemonKind.distribution().orElseThrow().resolve("../../docs/compatibility.md");
  }
}
