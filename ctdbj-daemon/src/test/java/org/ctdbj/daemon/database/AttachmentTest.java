// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.DatabaseMap;
import org.junit.jupiter.api.Test;

/** Attaching and detaching of databases. */
class AttachmentTest {
  private static final int CLIENT = 9;
  private static final Bytes NAME = Bytes.ofTerminated("g_lock.tdb");
  private static final Bytes ID = Bytes.ofInt(0x4d2a432b);

  private final FakeNode node = new FakeNode();

  AttachmentTest() {
    node.clients.add(CLIENT);
  }

  private FakeNode.Answer attach(Control control) {
    return node.ask(control, 0, CLIENT, 0, NAME);
  }

  @Test
  void newDatabaseIsAnsweredWithItsIdAndTakenOverByAllNodes() {
    assertEquals(ID, attach(Control.DB_ATTACH).body);
    assertEquals(
        List.of(new FakeNode.Sent("DB_ATTACH", Pnn.BROADCAST_CONNECTED, 0, NAME)), node.sent);
    node.sent.clear();
    assertEquals(ID, attach(Control.DB_ATTACH).body);
    assertEquals(List.of(), node.sent, "a known database is not spread again");
    assertEquals("g_lock.tdb", node.ask(Control.GET_DBNAME, ID).body.text());
    assertEquals("/volatile/g_lock.tdb.0", node.ask(Control.GETDBPATH, ID).body.text());
    assertEquals(Bytes.ofInt(0x0c41), node.ask(Control.DB_OPEN_FLAGS, ID).body);
    assertEquals(-1, node.ask(Control.GET_DBNAME, Bytes.ofInt(5)).status);
  }

  @Test
  void kindMayBeLessButNotMoreThanTheDatabaseHas() {
    attach(Control.DB_ATTACH_PERSISTENT);
    assertEquals(0, attach(Control.DB_ATTACH).status);
    assertEquals(-1, attach(Control.DB_ATTACH_REPLICATED).status);
  }

  @Test
  void newestDatabaseIsListedFirst() {
    attach(Control.DB_ATTACH);
    node.ask(Control.DB_ATTACH_PERSISTENT, Bytes.ofTerminated("registry.tdb"));
    assertEquals(
        List.of(new DatabaseMap.Entry(0x6cf2837d, 1), new DatabaseMap.Entry(0x4d2a432b, 0)),
        DatabaseMap.decode(node.ask(Control.GET_DBMAP, Bytes.EMPTY).body).entries());
  }

  @Test
  void clientsWaitForTheEndOfTheRecoveryAndOneSecondMore() {
    node.mode = RecoveryMode.ACTIVE;
    FakeNode.Answer answer = attach(Control.DB_ATTACH);
    FakeNode.Answer other = node.ask(Control.DB_ATTACH, 1, 0, 0, Bytes.ofTerminated("x.tdb"));
    assertEquals(0, other.status, "another node is not put off");
    node.time.passMillis(5000);
    assertNull(answer.status);
    node.mode = RecoveryMode.NORMAL;
    node.registry.recoveryModeNormal();
    node.time.passMillis(999);
    assertNull(answer.status);
    node.time.passMillis(1);
    assertEquals(ID, answer.body);
  }

  @Test
  void clientsAreRefusedWhenNoRecoveryEndsOrTheNodeIsInactive() {
    node.state = Runstate.FIRST_RECOVERY;
    FakeNode.Answer answer = attach(Control.DB_ATTACH);
    node.time.passMillis(119_999);
    assertNull(answer.status);
    node.time.passMillis(1);
    assertEquals(-1, answer.status);
    node.state = Runstate.RUNNING;
    node.flags.put(0, NodeFlags.STOPPED);
    assertEquals(-1, attach(Control.DB_ATTACH).status);
  }

  @Test
  void clientThatGoesIsForgotten() {
    node.mode = RecoveryMode.ACTIVE;
    attach(Control.DB_ATTACH);
    node.clientGone(CLIENT);
    node.mode = RecoveryMode.NORMAL;
    node.registry.recoveryModeNormal();
    node.time.passMillis(200_000);
    assertEquals(-1, node.ask(Control.GET_DBNAME, ID).status);
  }

  @Test
  void recoveryAttachesDuringRecoveryOnly() {
    assertEquals(
        -1, node.ask(Control.DB_ATTACH, 0, CLIENT, ControlFlags.ATTACH_RECOVERY, NAME).status);
    node.mode = RecoveryMode.ACTIVE;
    assertEquals(
        0, node.ask(Control.DB_ATTACH, 0, CLIENT, ControlFlags.ATTACH_RECOVERY, NAME).status);
  }

  @Test
  void detachNeedsTheTunableAndGoesThroughAllNodes() {
    attach(Control.DB_ATTACH);
    assertEquals(-1, node.ask(Control.DB_DETACH, 0, CLIENT, 0, ID).status);
    node.tunables.put(Tunable.ALLOW_CLIENT_DB_ATTACH, 0);
    assertEquals(-1, attach(Control.DB_ATTACH).status);
    node.sent.clear();
    assertEquals(0, node.ask(Control.DB_DETACH, 0, CLIENT, 0, ID).status);
    assertEquals(
        List.of(new FakeNode.Sent("DB_DETACH", Pnn.BROADCAST_CONNECTED, 0, ID)), node.sent);
    assertEquals(0, node.ask(Control.GET_DBNAME, ID).status);
    assertEquals(0, node.ask(Control.DB_DETACH, ID).status);
    assertEquals(-1, node.ask(Control.GET_DBNAME, ID).status);
  }

  @Test
  void persistentDatabasesAreAttachedAndFrozenAtStart() {
    attach(Control.DB_ATTACH_PERSISTENT);
    node.restart();
    boolean[] frozen = new boolean[1];
    node.registry.start(all -> frozen[0] = all);
    node.time.passMillis(1);
    assertTrue(frozen[0]);
    assertEquals(1, node.registry.frozen());
    assertEquals("g_lock.tdb", node.ask(Control.GET_DBNAME, ID).body.text());
    node.health.put("g_lock.tdb", "broken");
    node.restart();
    assertThrows(StoreException.class, () -> node.registry.start(all -> {}));
  }

  @Test
  void healthIsToldSetAndHealedByRecovery() {
    attach(Control.DB_ATTACH_PERSISTENT);
    assertEquals(Bytes.EMPTY, node.ask(Control.DB_GET_HEALTH, ID).body);
    assertEquals(List.of(), node.registry.unhealthy());
    node.state = Runstate.STARTUP;
    FakeNode.Answer answer = node.done(Control.DB_SET_HEALTHY, ID);
    assertEquals(0, answer.status);
    assertFalse(node.forced.stream().anyMatch(reason -> reason.contains("healthy")));
  }
}
