// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationReaderTest {
  @TempDir Path base;

  private ConfigurationReader.Loaded load(String text) throws ConfigurationException, IOException {
    Files.writeString(base.resolve("ctdb.conf"), text);
    return ConfigurationReader.read(paths(), base);
  }

  private NodePaths paths() throws ConfigurationException {
    return NodePaths.from(Map.of("CTDB_TEST_MODE", "", "CTDB_BASE", base.toString()), Path.of("/"));
  }

  @Test
  void missingFileMeansDefaults() throws Exception {
    DaemonConfiguration c = ConfigurationReader.read(paths(), base).configuration();
    assertEquals("file:/var/log/ctdb/log.ctdb", c.logLocation());
    assertEquals(3, c.debugLevel());
    assertEquals(Optional.empty(), c.clusterLock());
    assertEquals(5, c.leaderTimeoutSeconds());
    assertTrue(
        c.leaderCapability() && c.lmasterCapability() && c.tdbMutexes() && c.realtimeScheduling());
    assertFalse(c.failoverDisabled() || c.startAsStopped() || c.startAsDisabled());
    assertEquals(Path.of("/var/lib/ctdb/volatile"), c.volatileDirectory());
  }

  @Test
  void everyOptionIsRead() throws Exception {
    Files.createDirectories(base.resolve("db/v"));
    Files.writeString(base.resolve("debug.sh"), "");
    assertTrue(base.resolve("debug.sh").toFile().setExecutable(true));
    DaemonConfiguration c =
        load("""
                [LOGGING]
                location = file:daemon.log
                log level = inf
                [cluster]
                transport = tcp
                node address = 127.0.0.7
                cluster lock = !helper  a b
                leader timeout = 0x10
                leader capability = NO
                [database]
                volatile database directory = db/v
                lock debug script = /elsewhere/debug.sh
                tdb mutexes = false
                [failover]
                disabled = yes
                [legacy]
                realtime scheduling = false
                lmaster capability = no
                start as stopped = True
                start as disabled = true
                script log level = 10
                """)
            .configuration();
    assertEquals("file:" + base.resolve("daemon.log"), c.logLocation());
    assertEquals(5, c.debugLevel());
    assertEquals(Optional.of("127.0.0.7"), c.nodeAddress());
    assertEquals(Optional.of("!helper a b"), c.clusterLock());
    assertEquals(16, c.leaderTimeoutSeconds());
    assertEquals(base.resolve("db/v"), c.volatileDirectory());
    assertEquals(Optional.of(base.resolve("debug.sh")), c.lockDebugScript());
    assertFalse(
        c.leaderCapability() || c.tdbMutexes() || c.realtimeScheduling() || c.lmasterCapability());
    assertTrue(c.failoverDisabled() && c.startAsStopped() && c.startAsDisabled());
    assertEquals(10, c.scriptDebugLevel());
  }

  @Test
  void unknownLinesAreNamedAndIgnored() throws Exception {
    List<String> remarks =
        load(
                "x = y\n[nosuch]\na = b\n[cluster]\nCluster Lock = z\nfoo = bar\nrecovery lock = old\n")
            .remarks()
            .stream()
            .map(Remark::text)
            .toList();
    String file = base.resolve("ctdb.conf").toString();
    assertEquals(
        List.of(
            file + ":1: unknown option \"x\" before the first section is ignored",
            file + ":3: unknown section [nosuch] with option \"a\" is ignored",
            file
                + ":5: unknown option \"Cluster Lock\" in section [cluster] (names are case-sensitive: write \"cluster"
                + " lock\") is ignored",
            file + ":6: unknown option \"foo\" in section [cluster] is ignored",
            file + ":7: \"recovery lock\" is deprecated, write \"cluster lock\""),
        remarks);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cluster|transport = ib|\"tcp\", the only transport there is",
        "cluster|node address = localhost|a numeric IPv4 or IPv6 address",
        "cluster|node address = 127.1|a numeric IPv4 or IPv6 address",
        "cluster|leader timeout = 0|a whole number of seconds from 1 to 2147483647",
        "cluster|leader timeout = abc|a whole number of seconds from 1 to 2147483647",
        "cluster|leader timeout = -5|a whole number of seconds from 1 to 2147483647",
        "cluster|leader timeout = 99999999999|a whole number of seconds from 1 to 2147483647",
        "cluster|leader capability = maybe|true, yes, false or no",
        "cluster|leader timeout =|a value",
        "logging|log level = FOO|ERROR, WARNING, NOTICE, INFO, DEBUG or a number from 0 to 10",
        "logging|log level = 11|ERROR, WARNING, NOTICE, INFO, DEBUG or a number from 0 to 10",
        "logging|location = file:nosuch/log|a file in a directory that exists",
        "logging|location = syslog:foo|file:PATH, file:, syslog, syslog:nonblocking, syslog:udp or syslog:udp-rfc5424",
        "database|state database directory = nosuch|a directory that exists"
      })
  void unusableValuesStopTheDaemon(String section, String line, String expected) {
    var e =
        assertThrows(ConfigurationException.class, () -> load("[" + section + "]\n" + line + "\n"));
    assertTrue(
        e.getMessage().startsWith(base.resolve("ctdb.conf") + ":2: [" + section + "] "),
        e.getMessage());
    assertTrue(e.getMessage().endsWith(": expected " + expected), e.getMessage());
  }

  @Test
  void textBehindTheLeaderTimeoutIsIgnoredWithARemark() throws Exception {
    ConfigurationReader.Loaded loaded = load("[cluster]\nleader timeout = 12abc\n");
    assertEquals(12, loaded.configuration().leaderTimeoutSeconds());
    assertEquals(1, loaded.remarks().size());
  }

  @Test
  void testModeNeedsABase() {
    assertThrows(
        ConfigurationException.class, () -> NodePaths.from(Map.of("CTDB_TEST_MODE", "1"), base));
  }

  @Test
  void pathsOutsideTestMode() throws Exception {
    NodePaths p =
        NodePaths.from(Map.of("CTDB_BASE", "some/where", "CTDB_SOCKET", "s"), Path.of("/cwd"));
    assertEquals(Path.of("/etc/ctdb/ctdb.conf"), p.configurationFile());
    assertEquals(Path.of("/cwd/some/where/nodes"), p.nodesFile());
    assertEquals(Path.of("/cwd/s"), p.clientSocket());
    assertEquals(Path.of("/run/ctdb/ctdbd.pid"), p.pidFile());
  }

  @Test
  void tooLongSocketPathIsRefused() {
    var e =
        assertThrows(
            ConfigurationException.class,
            () -> NodePaths.from(Map.of("CTDB_SOCKET", "/" + "x".repeat(107)), base));
    assertTrue(e.getMessage().contains("CTDB_SOCKET"), e.getMessage());
  }

  @Test
  void nodesFile() throws Exception {
    NodesFile nodes =
        NodesFile.parse(
            Path.of("n"), List.of("10.0.0.1", "", " #10.0.0.2 ", "# words", "fd00::1", ""));
    assertEquals(List.of(0, 1, 2, 3), nodes.nodes().stream().map(NodesFile.Entry::pnn).toList());
    assertEquals(
        List.of(false, true, true, false),
        nodes.nodes().stream().map(NodesFile.Entry::deleted).toList());
    assertEquals("0.0.0.0", nodes.nodes().get(1).address().getHostAddress());
    assertEquals(
        List.of("n:4: this is no comment: a line that begins with # is deleted node 2: # words"),
        nodes.remarks().stream().map(Remark::text).toList());
    assertEquals(3, nodes.byAddress(nodes.nodes().get(3).address()).orElseThrow().pnn());
    assertTrue(nodes.byAddress(NodesFile.NO_ADDRESS).isEmpty());
  }

  @ParameterizedTest
  @CsvSource({"host.example,2", "10.0.0.300,2", "10.0.0.1,2"})
  void badNodeLines(String second, int line) {
    var e =
        assertThrows(
            ConfigurationException.class,
            () -> NodesFile.parse(Path.of("n"), List.of("10.0.0.1", second)));
    assertTrue(e.getMessage().startsWith("n:" + line + ": "), e.getMessage());
  }

  @Test
  void tunables() throws IOException {
    Path file = base.resolve("ctdb.tunables");
    Files.writeString(
        file, "A=1\n# c\na = 0x10\nB = 4294967295\nB2=-1\nC=5x\nD=4294967296\n[s]\nA=3\n");
    Map<String, String> known = Map.of("A", "A", "B", "B", "C", "C", "D", "D");
    TunablesFile<String> tunables =
        TunablesFile.read(file, name -> known.get(name.toUpperCase(java.util.Locale.ROOT)));
    assertEquals(Map.of("A", 16, "B", -1), tunables.values());
    assertEquals(
        List.of(":5:", ":6:", ":7:", ":9:"),
        tunables.remarks().stream()
            .map(r -> r.text().replaceAll(".*tunables(:\\d+:).*", "$1"))
            .toList());
    assertEquals(Map.of(), TunablesFile.read(base.resolve("missing"), known::get).values());
  }

  @Test
  void transportPort() throws IOException {
    Path services = base.resolve("services");
    Files.writeString(services, "ctdb\t\t4000/udp\nctdb  4380/tcp # x\n");
    assertEquals(4380, TransportPort.from(services));
    assertEquals(TransportPort.DEFAULT, TransportPort.from(base.resolve("missing")));
  }
}
