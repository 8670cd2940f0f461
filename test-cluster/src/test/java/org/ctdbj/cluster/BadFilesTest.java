// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.packet.ReplyControl;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Configuration, files and disks on which the daemon cannot work, and a second daemon. */
@Tag("interop")
@Timeout(120)
class BadFilesTest {
  private static final Bytes KEY = Bytes.ofText("key");
  private static final Bytes VALUE = Bytes.ofText("value");
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @BeforeEach
  void available() {
    Assumptions.assumeTrue(DaemonKind.CTDBJ.available(), DaemonKind.CTDBJ.missing());
  }

  private static void append(LocalNode node, String text) throws IOException {
    Files.writeString(node.base().resolve("ctdb.conf"), text, StandardOpenOption.APPEND);
  }

  private static ReplyControl attach(DaemonConnection connection, Control control, String name)
      throws IOException {
    return connection.control(control, Bytes.ofTerminated(name));
  }

  private static void assertServes(DaemonConnection connection, String name) throws IOException {
    try (SharedDatabase database = SharedDatabase.attach(connection, name)) {
      database.write(KEY, VALUE);
      assertEquals(VALUE, database.read(KEY));
    }
  }

  @Test
  void linesThatNobodyKnowsAndASecondDaemon() throws IOException {
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ)) {
      LocalNode node = cluster.node(0);
      append(node, "[database]\n\tfroop = 3\n[gadgets]\n\tsize = 4\n");
      cluster.start();
      String log = node.logTail(Integer.MAX_VALUE);
      assertTrue(log.contains("ctdb.conf") && log.contains("froop"), log);
      assertTrue(log.contains("gadgets"), log);
      long pid = node.pid().orElseThrow();
      try (DaemonConnection connection = DaemonConnection.open(node)) {
        Commands.Result second = node.tryStart(Map.of());
        assertNotEquals(0, second.exitCode());
        assertTrue(second.errors().contains("another daemon runs"), second.errors());
        assertTrue(second.errors().contains("ctdbd.pid"), second.errors());
        assertEquals(pid, node.pid().orElseThrow());
        assertServes(connection, "after.tdb");
      }
    }
  }

  @Test
  void addressThatIsNotInNodes() throws IOException {
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ)) {
      LocalNode node = cluster.node(0);
      Files.writeString(node.base().resolve("nodes"), "127.9.9.9\n127.9.9.10\n");
      Commands.Result start = node.tryStart(Map.of());
      assertNotEquals(0, start.exitCode());
      assertTrue(start.errors().contains(node.address()), start.errors());
      assertTrue(start.errors().contains("is not in the nodes file"), start.errors());
      assertTrue(Files.notExists(node.socket()));
      assertTrue(node.pid().isEmpty());
    }
  }

  @Test
  void aFileInThePlaceOfTheSocketIsKept() throws IOException {
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ)) {
      LocalNode node = cluster.node(0);
      Files.writeString(node.socket(), "precious");
      Commands.Result start = node.tryStart(Map.of());
      assertNotEquals(0, start.exitCode());
      assertTrue(start.errors().contains("a file of another kind is there"), start.errors());
      assertEquals("precious", Files.readString(node.socket()));
    }
  }

  @Test
  void filesThatAreNoDatabases() throws IOException {
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ).start()) {
      LocalNode node = cluster.node(0);
      Path persistent = node.base().resolve("db/persistent");
      Path foreign = Files.write(persistent.resolve("foreign.tdb.0"), new byte[5000]);
      Path text = Files.writeString(persistent.resolve("text.tdb.0"), "no database\n".repeat(999));
      Path directory = Files.createDirectory(persistent.resolve("directory.tdb.0"));
      Files.createDirectory(node.base().resolve("db/volatile/directory2.tdb.0"));
      try (DaemonConnection connection = DaemonConnection.open(node)) {
        assertServes(connection, "before.tdb");
        for (Path file : List.of(foreign, text, directory)) {
          String name = file.getFileName().toString().replace(".tdb.0", ".tdb");
          byte[] content = Files.isDirectory(file) ? null : Files.readAllBytes(file);
          ReplyControl reply = attach(connection, Control.DB_ATTACH_PERSISTENT, name);
          assertEquals(-1, reply.status(), name);
          assertTrue(reply.error().contains(file.toString()), reply.error());
          Await.until(
              file + " in the log",
              LIMIT,
              () -> node.logTail(20).contains(file.toString()),
              cluster::describe);
          if (content != null) {
            assertArrayEquals(content, Files.readAllBytes(file), name + " was changed");
          }
        }
        assertEquals(-1, attach(connection, Control.DB_ATTACH, "directory2.tdb").status());
        assertServes(connection, "before.tdb");
        assertServes(connection, "after.tdb");
      }
    }
  }

  @Test
  void aPersistentDatabaseThatWasCutOffStopsTheStartAndIsKept() throws IOException {
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ).start()) {
      LocalNode node = cluster.node(0);
      try (DaemonConnection connection = DaemonConnection.open(node)) {
        assertEquals(0, attach(connection, Control.DB_ATTACH_PERSISTENT, "cut.tdb").status());
      }
      node.kill();
      Path file = node.base().resolve("db/persistent/cut.tdb.0");
      byte[] whole = Files.readAllBytes(file);
      byte[] cut = java.util.Arrays.copyOf(whole, 1000);
      Files.write(file, cut);
      Commands.Result start = node.tryStart(Map.of());
      assertNotEquals(0, start.exitCode());
      assertTrue(start.errors().contains(file.toString()), start.errors());
      assertArrayEquals(cut, Files.readAllBytes(file));
      Files.write(file, whole);
      node.start();
      cluster.awaitHealthy(LIMIT);
    }
  }

  @Test
  void readOnlyDisk() throws IOException {
    Assumptions.assumeTrue(DaemonKind.root(), "mounting a file system needs root");
    try (LocalCluster cluster = LocalCluster.of(1, DaemonKind.CTDBJ)) {
      LocalNode node = cluster.node(0);
      Path disk = node.base().resolve("db/volatile");
      Assumptions.assumeTrue(
          mount("-t", "tmpfs", "-o", "ro,size=24m", "tmpfs", disk.toString()),
          "mounting a file system is not allowed here");
      try {
        cluster.start();
        try (DaemonConnection connection = DaemonConnection.open(node)) {
          ReplyControl reply = attach(connection, Control.DB_ATTACH, "readonly.tdb");
          assertEquals(-1, reply.status());
          assertTrue(reply.error().contains("EROFS"), reply.error());
          assertTrue(reply.error().contains(disk.toString()), reply.error());
          assertEquals(
              0, attach(connection, Control.DB_ATTACH_PERSISTENT, "elsewhere.tdb").status());
          assertTrue(mount("-o", "remount,rw", disk.toString()));
          assertServes(connection, "readonly.tdb");
        }
      } finally {
        node.kill();
        List<String> umount = List.of("umount", "--lazy", disk.toString());
        Commands.run(umount, Map.of(), LIMIT).orThrow(umount);
      }
    }
  }

  private static boolean mount(String... arguments) {
    List<String> command = new java.util.ArrayList<>(List.of("mount"));
    command.addAll(List.of(arguments));
    return Commands.run(command, Map.of(), LIMIT).exitCode() == 0;
  }
}
