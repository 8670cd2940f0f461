// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctdbj.cluster.hammer.Hammer;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqMessage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that die at any byte, do not read, or send nonsense, at a daemon with a small heap: the
 * others get right answers all the time.
 */
@Tag("interop")
@Timeout(60)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class) // garbage uses up what may be logged
class BadClientTest {
  private static final Map<String, String> SMALL_HEAP = Map.of("CTDBJ_JAVA_OPTS", "-Xmx128m");
  private static final long SRVID = 0xBAD0_0000_0001L;
  private static final Bytes KEY = Bytes.ofText("key");
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static LocalCluster cluster;
  private static LocalNode node;

  private DaemonConnection good;
  private SharedDatabase database;
  private long pid;

  @BeforeAll
  static void startNode() {
    Assumptions.assumeTrue(DaemonKind.CTDBJ.available(), DaemonKind.CTDBJ.missing());
    cluster = LocalCluster.of(1, DaemonKind.CTDBJ);
    node = cluster.node(0);
    node.start(SMALL_HEAP);
    cluster.awaitHealthy(Duration.ofSeconds(90));
  }

  @AfterAll
  static void stopNode() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void connect() throws IOException {
    good = DaemonConnection.open(node);
    database = SharedDatabase.attach(good, "good.tdb");
    pid = node.pid().orElseThrow();
  }

  @AfterEach
  void sameDaemonStillServes() throws IOException {
    assertServes();
    database.close();
    good.close();
    assertEquals(pid, node.pid().orElseThrow());
    assertTrue(!log().contains("OutOfMemory"), BadClientTest::log);
  }

  private void assertServes() throws IOException {
    Bytes value = Bytes.ofText("value " + System.nanoTime());
    database.write(KEY, value);
    assertEquals(value, database.read(KEY));
    assertEquals(0, good.control(Control.GET_PNN, Bytes.EMPTY).status());
  }

  private static String log() {
    return node.logTail(Integer.MAX_VALUE);
  }

  private static void awaitLog(String text) {
    Await.until(
        "\"" + text + "\" in the log", LIMIT, () -> log().contains(text), cluster::describe);
  }

  private static ReqControl control(Control control, Bytes data) {
    return new ReqControl(
        new Header(0, Pnn.CURRENT_NODE, 0, 7), control.number(), SRVID, 0, 0, data);
  }

  private static ReqMessage message(int size) {
    return new ReqMessage(new Header(0, Pnn.CURRENT_NODE, 0, 0), SRVID, Bytes.of(new byte[size]));
  }

  private int databaseId() throws IOException {
    return good.control(Control.DB_ATTACH, Bytes.ofTerminated("good.tdb")).data().getInt(0);
  }

  @Test
  void clientsDieAfterEveryByte() throws IOException {
    int id = databaseId();
    List<Bytes> frames =
        List.of(
            RawClient.encode(
                new ReqCall(
                    new Header(0, 0, 0, 9),
                    Calls.FLAG_IMMEDIATE_MIGRATION,
                    id,
                    Calls.NULL,
                    0,
                    KEY,
                    Bytes.EMPTY)),
            RawClient.encode(control(Control.REGISTER_SRVID, Bytes.EMPTY)),
            RawClient.encode(control(Control.DB_ATTACH, Bytes.ofTerminated("good.tdb"))),
            RawClient.encode(message(5)));
    for (Bytes frame : frames) {
      for (int count = 0; count <= frame.length(); count++) {
        try (RawClient dying = new RawClient(node.socket())) {
          dying.send(frame.slice(0, count));
        }
        assertServes();
      }
    }
    Await.until(
        "only this client is left",
        LIMIT,
        () -> clients() == 1 + 1, // and the daemon's own recovery core
        cluster::describe);
  }

  private int clients() {
    try {
      return good.control(Control.PING, Bytes.EMPTY).status();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void clientsThatNeverReadAreGivenUpBeforeTheMemoryIs() throws IOException {
    List<RawClient> deaf = new ArrayList<>();
    try {
      for (int i = 0; i < 6; i++) {
        RawClient client = new RawClient(node.socket());
        deaf.add(client);
        client.send(control(Control.REGISTER_SRVID, Bytes.EMPTY));
        for (int reply = 0; reply < 2000; reply++) {
          client.send(control(Control.LIST_TUNABLES, Bytes.EMPTY));
        }
      }
      assertServes();
      // 6 readers that do not read, and more for each of them than the whole heap holds
      for (int i = 0; i < 3000; i++) {
        good.send(message(64 * 1024));
        if (i % 100 == 0) {
          assertServes();
        }
      }
      assertServes();
      awaitLog("does not read");
    } finally {
      for (RawClient client : deaf) {
        client.close();
      }
    }
  }

  @Test
  void aFrameThatIsLargerThanTheMemoryEndsItsConnectionOnly() throws IOException {
    byte[] piece = new byte[1 << 20];
    for (int round = 0; round < 2; round++) {
      try (RawClient client = new RawClient(node.socket())) {
        client.send(RawClient.frame(Integer.MAX_VALUE - 64, RawClient.MAGIC, 1, 5, new byte[0]));
        assertThrows(
            IOException.class,
            () -> {
              for (int i = 0; i < 1000; i++) {
                client.send(Bytes.of(piece));
              }
            });
      }
      assertServes();
    }
    awaitLog("closing its connection");
  }

  @Test
  void manyClientsWithHalfALargeFrameDoNotUseUpTheMemory() throws IOException {
    byte[] half = new byte[8 << 20];
    List<RawClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        RawClient client = new RawClient(node.socket());
        clients.add(client);
        client.send(RawClient.frame(2 * half.length, RawClient.MAGIC, 1, 5, new byte[0]));
        try {
          client.send(Bytes.of(half));
        } catch (IOException givenUp) {
          assertTrue(i > 2, "the first ones have room: " + givenUp);
        }
        assertServes();
      }
    } finally {
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void headersThatAreNone() throws IOException {
    byte[] body = new byte[16];
    int length = RawClient.HEADER + body.length;
    try (RawClient client = new RawClient(node.socket())) {
      client.send(RawClient.frame(length, 0x12345678, 1, 7, body));
      client.send(RawClient.frame(length, RawClient.MAGIC, 99, 7, body));
      client.send(RawClient.frame(length, RawClient.MAGIC, 1, 4711, body));
    }
    awaitLog("packet ignored: ");
    for (int bad : new int[] {0, 3, -1}) {
      try (RawClient client = new RawClient(node.socket())) {
        client.send(RawClient.frame(bad, RawClient.MAGIC, 1, 7, body));
        assertEquals(0, client.readToEnd());
      }
      awaitLog("sent a packet of length " + Integer.toUnsignedString(bad));
    }
  }

  @Test
  void namesOfDatabasesCannotLeaveTheDirectoryOrForgeTheLog() throws IOException {
    for (String name :
        List.of(
            "../escaped.tdb",
            "/tmp/escaped.tdb",
            "a/b.tdb",
            "line\n2026-01-01T00:00:00.000000+00:00 host ctdbd[1]: FORGED",
            "tab\tescape\u001b[2J.tdb",
            "",
            "x".repeat(100_000))) {
      var reply = good.control(Control.DB_ATTACH, Bytes.ofTerminated(name));
      assertEquals(-1, reply.status(), name);
      assertTrue(reply.error().contains("name"), reply.error());
      assertTrue(reply.error().length() < 1000, () -> "length " + reply.error().length());
    }
    assertTrue(
        log().lines().noneMatch(line -> line.endsWith("FORGED") && line.indexOf("ctdbd[1]") < 80),
        BadClientTest::log);
    assertTrue(log().indexOf('\u001b') < 0);
    try (var files = Files.walk(cluster.directory())) {
      assertTrue(files.noneMatch(file -> file.toString().contains("escaped")));
    }
  }

  @Test
  void socketAndFilesAreForTheOwnerOnly() throws IOException {
    assertEquals("rwx------", mode(node.socket()));
    try (var files = Files.list(node.base().resolve("db/volatile"))) {
      for (Path file : files.toList()) {
        assertEquals("rw-------", mode(file), file.toString());
      }
    }
    try (var files = Files.list(node.base().resolve("db/state"))) {
      for (Path file : files.toList()) {
        assertEquals("rw-------", mode(file), file.toString());
      }
    }
    assertEquals("rw-r--r--", mode(node.base().resolve("run/ctdbd.pid")));
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void garbageFromAClientHarmsNoCounter(@TempDir Path directory) throws IOException {
    Assumptions.assumeTrue(Hammer.missing().isEmpty(), () -> Hammer.missing().orElseThrow());
    Path program = Hammer.compile(directory);
    long seed = System.nanoTime();
    var random = new Random(seed);
    long before = log().lines().count();
    int frames = 0;
    try (Hammer hammer = Hammer.start(List.of(), program, node.socket(), "hammer.tdb", 4, 0, 1)) {
      long end = System.nanoTime() + 5_000_000_000L;
      while (System.nanoTime() < end) {
        try (RawClient client = new RawClient(node.socket())) {
          for (int i = 0; i < 200; i++, frames++) {
            client.send(Garbage.frame(random, true));
          }
        }
      }
      hammer.stop();
      Hammer.Report report = hammer.await();
      assertTrue(!report.daemonGone(), () -> "seed " + seed + "\n" + cluster.describe());
      assertTrue(report.increments() > 0);
      try (SharedDatabase counted = SharedDatabase.attach(good, "hammer.tdb")) {
        for (Map.Entry<Integer, Long> entry : report.perKey().entrySet()) {
          assertEquals(
              entry.getValue(),
              counted.read(Bytes.ofText("counter" + entry.getKey())).getLong(0),
              "seed " + seed);
        }
      }
    }
    long lines = log().lines().count() - before;
    int sent = frames;
    assertTrue(
        lines > 0 && lines < 300,
        () -> lines + " log lines for " + sent + " frames, seed " + seed + "\n" + log());
    assertTrue(
        !log().contains("unexpected failure") && !log().contains("Exception"),
        () -> "seed " + seed + "\n" + log());
  }
}
