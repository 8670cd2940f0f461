// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.PacketCodec;
import org.ctdbj.protocol.packet.ReqMessage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DaemonTest {
  @TempDir Path base;
  private Path pidFile;
  private Path socket;

  @BeforeEach
  void prepare() throws IOException {
    pidFile = base.resolve("run/ctdbd.pid");
    socket = base.resolve("run/ctdbd.socket");
    Files.createDirectories(base.resolve("run"));
    Files.createDirectories(base.resolve("db"));
    Files.writeString(base.resolve("nodes"), "127.9.1.1\n127.9.1.2\n");
    Files.writeString(base.resolve("public_addresses"), "10.9.9.9/24 lo\n");
    configure("127.9.1.2", "");
  }

  private void configure(String address, String more) throws IOException {
    Files.writeString(
        base.resolve("ctdb.conf"),
        """
        [logging]
        location = file:log
        [cluster]
        node address = %s
        %s
        [database]
        volatile database directory = db
        persistent database directory = db
        state database directory = db
        """
            .formatted(address, more));
  }

  private Daemon start() throws StartFailure {
    return Daemon.start(
        Map.of("CTDB_TEST_MODE", "1", "CTDB_BASE", base.toString()),
        base,
        false,
        new SilentAssembly());
  }

  private StartFailure startFails(int exitCode) {
    StartFailure failure = assertThrows(StartFailure.class, this::start);
    assertEquals(exitCode, failure.exitCode(), failure.getMessage());
    return failure;
  }

  private String log() throws IOException {
    return Files.readString(base.resolve("log"));
  }

  private static Bytes shutdown() {
    return PacketCodec.encode(
        new ReqMessage(new Header(0, 0, 0, 0), SilentAssembly.SHUTDOWN, Bytes.EMPTY),
        PacketCodec.Padding.NONE);
  }

  @Test
  void everythingIsGoneWhenTheConnectionOfTheShutdownCloses() throws Exception {
    for (int round = 0; round < 3; round++) {
      Daemon daemon = start();
      assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(pidFile));
      try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        client.write(ByteBuffer.wrap(shutdown().toByteArray()));
        assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        assertFalse(Files.exists(pidFile));
        assertFalse(Files.exists(socket));
        assertTrue(log().endsWith("CTDB daemon shutting down\n"), log());
      }
      // The port is free at once: the next round listens on it.
      assertEquals(0, daemon.exitCode().get(20, TimeUnit.SECONDS));
    }
    assertTrue(log().contains("silent node 1 runs"));
    assertTrue(log().contains("public_addresses: this version does not serve public addresses"));
    assertTrue(log().contains("Cluster lock not set"));
  }

  @Test
  void aSecondDaemonIsRefusedAndTheFirstStays() throws Exception {
    Daemon first = start();
    StartFailure failure = startFails(StartFailure.PID_FILE);
    assertTrue(failure.getMessage().contains(pidFile.toString()), failure.getMessage());
    assertTrue(Files.exists(socket));
    first.stop(0);
    assertEquals(0, first.exitCode().get(20, TimeUnit.SECONDS));
  }

  @Test
  void leftOversOfAKilledDaemonDoNotMatter() throws Exception {
    Files.writeString(pidFile, "123456789 leftover\n");
    try (var stale =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(socket));
    }
    Daemon daemon = start();
    assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(pidFile));
    daemon.stop(3);
    daemon.stop(4);
    assertEquals(3, daemon.exitCode().get(20, TimeUnit.SECONDS));
  }

  @Test
  void aSocketInUseIsRefused() throws Exception {
    try (var server =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      startFails(StartFailure.CLIENT_SOCKET);
    }
    assertFalse(Files.exists(pidFile));
  }

  @Test
  void mistakesOfTheConfigurationAreNamed() throws Exception {
    configure("127.9.1.9", "");
    assertTrue(startFails(1).getMessage().contains("127.9.1.9 is not in the nodes file"));
    assertFalse(Files.exists(pidFile));
    assertFalse(Files.exists(socket));
    configure("127.9.1.2", "leader timeout = 0");
    assertTrue(startFails(1).getMessage().contains("ctdb.conf:5: "));
    configure("127.9.1.2", "");
    Files.delete(base.resolve("nodes"));
    assertTrue(startFails(1).getMessage().contains(base.resolve("nodes").toString()));
  }

  @Test
  void commandLine() {
    assertEquals(
        Optional.of(new CommandLine(false, false)), CommandLine.parse(java.util.List.of()));
    assertEquals(
        Optional.of(new CommandLine(true, false)), CommandLine.parse(java.util.List.of("-i")));
    assertEquals(
        Optional.of(new CommandLine(false, true)), CommandLine.parse(java.util.List.of("--help")));
    assertEquals(Optional.empty(), CommandLine.parse(java.util.List.of("-i", "extra")));
  }

  @Test
  void processes() {
    assertTrue(LiveProcesses.exists((int) ProcessHandle.current().pid()));
    assertFalse(LiveProcesses.exists(0));
    assertFalse(LiveProcesses.exists(-1));
    assertFalse(LiveProcesses.exists(Integer.MAX_VALUE));
  }
}
