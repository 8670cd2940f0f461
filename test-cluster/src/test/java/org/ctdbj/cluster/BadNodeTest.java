// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctdbj.cluster.local.DaemonConnection;
import org.ctdbj.cluster.local.LocalCluster;
import org.ctdbj.cluster.local.LocalNode;
import org.ctdbj.cluster.local.SharedDatabase;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
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

/**
 * Strangers on the port between nodes, and somebody at the address of a third node, whose daemon
 * does not run, who sends nonsense to the first: records go on to move between the two others.
 */
@Tag("interop")
@Timeout(60)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class) // garbage uses up what may be logged
class BadNodeTest {
  private static final Map<String, String> SMALL_HEAP = Map.of("CTDBJ_JAVA_OPTS", "-Xmx128m");
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int FAKE = 2;
  private static final long SRVID = 0xBAD0_0000_0002L;
  private static final Bytes KEY = Bytes.ofText("moves");

  private static LocalCluster cluster;
  private static LocalNode victim;

  private FakeNode fake;

  @BeforeAll
  static void startTwoOfThree() {
    Assumptions.assumeTrue(DaemonKind.CTDBJ.available(), DaemonKind.CTDBJ.missing());
    cluster = LocalCluster.of(3, DaemonKind.CTDBJ);
    victim = cluster.node(0);
    victim.start(SMALL_HEAP);
    cluster.node(1).start(SMALL_HEAP);
    cluster.awaitHealthy(Duration.ofSeconds(90));
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void listen() throws IOException {
    fake = new FakeNode(cluster.node(FAKE));
  }

  @AfterEach
  void theOthersWorkOn() throws IOException {
    fake.close();
    cluster.awaitHealthy(LIMIT);
    assertRecordsMove();
    assertTrue(!log().contains("OutOfMemory"), cluster::describe);
    assertTrue(!log().contains("unexpected failure"), BadNodeTest::log);
    assertTrue(!log().contains("link to node 1 is broken"), BadNodeTest::log);
  }

  /** Each node writes what the other reads. */
  private static void assertRecordsMove() throws IOException {
    try (DaemonConnection here = DaemonConnection.open(victim);
        DaemonConnection there = DaemonConnection.open(cluster.node(1));
        SharedDatabase mine = SharedDatabase.attach(here, "moving.tdb");
        SharedDatabase theirs = SharedDatabase.attach(there, "moving.tdb")) {
      Bytes value = Bytes.ofText("value " + System.nanoTime());
      mine.write(KEY, value);
      assertEquals(value, theirs.read(KEY));
      theirs.write(KEY, Bytes.ofText("back"));
      assertEquals(Bytes.ofText("back"), mine.read(KEY));
    }
  }

  private static String log() {
    return victim.logTail(Integer.MAX_VALUE);
  }

  private static void awaitLog(String text) {
    Await.until(
        "\"" + text + "\" in the log", LIMIT, () -> log().contains(text), cluster::describe);
  }

  private static Header header(int source) {
    return new Header(0, victim.pnn(), source, 1);
  }

  private static Bytes control(Control control, byte[] data) {
    return org.ctdbj.protocol.packet.PacketCodec.encode(
        new ReqControl(header(FAKE), control.number(), 0, 0, 0, Bytes.of(data)),
        org.ctdbj.protocol.packet.PacketCodec.Padding.TO_NODE);
  }

  @Test
  void strangersAreSentAwayAndDoNotFillTheLog() throws IOException {
    String strange = victim.address().replaceFirst("\\.\\d+$", ".99");
    long before = log().lines().count();
    for (int i = 0; i < 500; i++) {
      try (Socket socket = FakeNode.connect(strange, victim)) {
        FakeNode.awaitClosed(socket);
      }
    }
    awaitLog(strange + ", which is no node");
    long lines = log().lines().count() - before;
    assertTrue(lines < 100, () -> lines + " lines for 500 strangers");
  }

  @Test
  void aSecondConnectionOfALivingNodeIsSentAway() throws IOException {
    for (int i = 0; i < 20; i++) {
      try (Socket socket = FakeNode.connect(cluster.node(1).address(), victim)) {
        FakeNode.awaitClosed(socket);
      }
    }
    assertRecordsMove();
    awaitLog("second connection from node 1");
  }

  @Test
  void headersThatAreNoneEndTheLink() throws IOException {
    byte[] body = new byte[32];
    int length = RawClient.HEADER + body.length;
    for (Bytes frame :
        List.of(
            RawClient.frame(length, 0x12345678, 1, 7, body),
            RawClient.frame(length, RawClient.MAGIC, 77, 7, body),
            RawClient.frame(0, RawClient.MAGIC, 1, 7, body),
            RawClient.frame(8, RawClient.MAGIC, 1, 7, body),
            RawClient.frame(length + 3, RawClient.MAGIC, 1, 7, body),
            RawClient.frame(-8, RawClient.MAGIC, 1, 7, body))) {
      fake.join(victim);
      fake.send(frame);
      fake.awaitClosed();
    }
    assertRecordsMove();
    awaitLog("expected magic number 0x43544442, found 0x12345678");
    awaitLog("expected protocol version 1, found 77");
    awaitLog("sent a packet of length 67");
  }

  @Test
  void theConnectionMayEndInTheMiddleOfAPacket() throws IOException {
    Bytes frame = control(Control.GET_PNN, new byte[0]);
    fake.join(victim);
    for (int count : new int[] {1, 3, 4, 31, 32, frame.length() - 1}) {
      try (Socket socket = FakeNode.connect(cluster.node(FAKE).address(), victim)) {
        socket.getOutputStream().write(frame.slice(0, count).toByteArray());
      }
      fake.join(victim);
      fake.send(frame.slice(0, count));
      fake.leave();
    }
    assertRecordsMove();
  }

  @Test
  void aPacketLargerThanTheMemoryEndsTheLink() throws IOException {
    fake.join(victim);
    byte[] piece = new byte[1 << 20];
    boolean closed = false;
    fake.send(RawClient.frame(Integer.MAX_VALUE & ~63, RawClient.MAGIC, 1, 7, new byte[0]));
    for (int i = 0; i < 500 && !closed; i++) {
      try {
        fake.send(Bytes.of(piece));
      } catch (IOException givenUp) {
        closed = true;
      }
    }
    assertTrue(closed, "500 MiB went into a heap of 128 MiB");
    assertRecordsMove();
  }

  @Test
  void nobodySpeaksForAnotherNode() throws IOException {
    try (DaemonConnection client = DaemonConnection.open(victim)) {
      client.register(SRVID);
      fake.join(victim);
      for (int source : new int[] {0, 1, 5, Pnn.BROADCAST_ALL}) {
        fake.send(new ReqMessage(header(source), SRVID, Bytes.ofText("forged")));
      }
      fake.send(new ReqMessage(header(FAKE), SRVID, Bytes.ofText("own")));
      assertEquals(Bytes.ofText("own"), client.message(SRVID, LIMIT).orElseThrow().data());
      awaitLog("packet from node 2 ignored: it says that it comes from node 1");
    }
  }

  @Test
  void hugeCountsInControlsAreRefused() throws IOException {
    fake.join(victim);
    for (Control control :
        List.of(
            Control.SETVNNMAP,
            Control.UPDATE_RECORD,
            Control.TRANS3_COMMIT,
            Control.TRY_DELETE_RECORDS,
            Control.VACUUM_FETCH,
            Control.SET_TCP_TICKLE_LIST,
            Control.TRAVERSE_ALL,
            Control.TRAVERSE_DATA,
            Control.SET_TUNABLE,
            Control.GET_TUNABLE,
            Control.ECHO_DATA,
            Control.SCHEDULE_FOR_DELETION,
            Control.RELEASE_IP,
            Control.TAKEOVER_IP,
            Control.REGISTER_NOTIFY)) {
      for (int size : new int[] {0, 4, 8, 64, 200}) {
        byte[] data = new byte[size];
        java.util.Arrays.fill(data, (byte) 0x7f);
        fake.send(control(control, data));
        java.util.Arrays.fill(data, (byte) 0xff);
        fake.send(control(control, data));
      }
    }
    awaitAlive();
    fake.leave(); // as long as it is there and mute, recoveries wait for it
    assertRecordsMove();
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void garbageFromANodeHarmsNobody() throws IOException {
    long seed = System.nanoTime();
    var random = new Random(seed);
    long before = log().lines().count();
    fake.join(victim);
    long end = System.nanoTime() + 3_000_000_000L;
    int frames = 0;
    while (System.nanoTime() < end) {
      byte[] frame = Garbage.frame(random, false).toByteArray();
      java.nio.ByteBuffer.wrap(frame).order(java.nio.ByteOrder.nativeOrder()).putInt(24, FAKE);
      fake.send(Bytes.of(frame));
      frames++;
      if (frames % 5000 == 0) {
        assertRecordsMove();
      }
    }
    awaitAlive();
    long lines = log().lines().count() - before;
    int sent = frames;
    assertTrue(
        lines > 0 && lines < 300, () -> lines + " lines for " + sent + " frames, seed " + seed);
    assertTrue(!log().contains("Exception"), () -> "seed " + seed + "\n" + log());
  }

  /** The node still answers; what was sent before has been dealt with by then. */
  private static void awaitAlive() {
    Await.until(
        "an answer",
        LIMIT,
        () -> {
          try (DaemonConnection client = DaemonConnection.open(victim)) {
            return client.control(Control.PING, Bytes.EMPTY).status() > 0;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        cluster::describe);
  }
}
