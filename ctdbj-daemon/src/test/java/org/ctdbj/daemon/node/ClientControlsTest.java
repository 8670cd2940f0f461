// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.NotifyData;
import org.ctdbj.protocol.body.PidSrvid;
import org.junit.jupiter.api.Test;

/** What the node does for, and knows of, the processes connected to it. */
final class ClientControlsTest {
  private static final long NOTIFY = 0xFE00000000000000L;

  private final TestNodes nodes = TestNodes.connected(2);
  private final TestNodes.Member node = nodes.member(0);
  private final TestClient client = node.client();

  private static Bytes notification(String text) {
    return new NotifyData(NOTIFY, Bytes.ofText(text)).encode();
  }

  @Test
  void deathOfAClientIsToldToAllConnectedNodes() {
    TestClient here = node.client();
    TestClient there = nodes.member(1).client();
    here.register(NOTIFY);
    there.register(NOTIFY);
    client.ask(Control.REGISTER_NOTIFY, notification("gone"));
    client.close();
    assertEquals(List.of(), here.messages());
    nodes.time.pass(0);
    assertEquals(List.of("gone"), here.messages());
    assertEquals(List.of("gone"), there.messages());
  }

  @Test
  void oneNotificationPerServiceId() {
    assertEquals(0, client.ask(Control.REGISTER_NOTIFY, notification("one")).status());
    assertEquals(-1, client.ask(Control.REGISTER_NOTIFY, notification("two")).status());
    assertEquals(0, node.client().ask(Control.REGISTER_NOTIFY, notification("other")).status());
    Bytes id = Bytes.ofLong(NOTIFY);
    // Its service id is in the body; that of the packet means nothing.
    assertEquals(0, client.ask(Control.DEREGISTER_NOTIFY, 99, id).status());
    assertEquals(-1, client.ask(Control.DEREGISTER_NOTIFY, 99, id).status());
    TestClient here = node.client();
    here.register(NOTIFY);
    client.close();
    nodes.time.pass(0);
    assertEquals(List.of(), here.messages());
  }

  @Test
  void notificationMustHaveItsExactSize() {
    byte[] longer = new byte[14];
    longer[8] = 1;
    assertEquals(-1, client.ask(Control.REGISTER_NOTIFY, Bytes.of(longer)).status());
    byte[] shorter = new byte[13];
    shorter[8] = 2;
    assertEquals(-1, client.ask(Control.REGISTER_NOTIFY, Bytes.of(shorter)).status());
    byte[] huge = new byte[13];
    huge[11] = -1;
    assertEquals(-1, client.ask(Control.REGISTER_NOTIFY, Bytes.of(huge)).status());
  }

  @Test
  void processExistsMeansAConnectedClient() {
    node.host.processes.addAll(List.of(1000, 1));
    assertEquals(0, client.ask(Control.PROCESS_EXISTS, Bytes.ofInt(1000)).status());
    assertEquals(-1, client.ask(Control.PROCESS_EXISTS, Bytes.ofInt(1)).status());
    TestClient there = nodes.member(1).client();
    assertEquals(0, there.ask(0, Control.PROCESS_EXISTS.number(), 0, Bytes.ofInt(1000)).status());
    node.host.processes.clear();
    assertEquals(-1, client.ask(Control.PROCESS_EXISTS, Bytes.ofInt(1000)).status());
    assertFalse(client.closed);
  }

  @Test
  void questionForAProcessOfANodeThatIsTakenOutEndsIt() {
    var victim = new TestClient(node, 42);
    node.host.processes.add(42);
    client.ask(Control.STOP_NODE);
    assertEquals(-1, client.ask(Control.PROCESS_EXISTS, Bytes.ofInt(42)).status());
    assertTrue(victim.closed);
    assertFalse(client.closed);
  }

  @Test
  void pidAndServiceIdMustBelongToOneConnection() {
    client.register(77);
    var other = new TestClient(node, 42);
    other.register(78);
    other.register(79);
    var second = new TestClient(node, 42);
    assertEquals(0, check(1000, 77));
    assertEquals(0, check(42, 78));
    assertEquals(-1, check(42, 77));
    assertEquals(-1, check(1000, 78));
    assertEquals(-1, check(42, 80));
    second.close();
    assertEquals(0, check(42, 79));
    other.close();
    assertEquals(-1, check(42, 78));
    assertEquals(-1, check(42, 79));
  }

  private int check(int pid, long srvid) {
    TestClient there = nodes.member(1).client();
    int status =
        there
            .ask(0, Control.CHECK_PID_SRVID.number(), 0, new PidSrvid(pid, srvid).encode())
            .status();
    there.close();
    return status;
  }

  @Test
  void subscriptionOfTheNodeItselfIsNoProcess() {
    node.core.subscribe(77, data -> {});
    assertEquals(-1, check(0, 77));
    assertEquals(-1, check(4711, 77));
  }

  @Test
  void clientThatGoesDuringAPersistentUpdateForcesARecovery() {
    node.recover(client);
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode());
    TestClient careful = node.client();
    careful.ask(Control.START_PERSISTENT_UPDATE);
    careful.ask(Control.CANCEL_PERSISTENT_UPDATE);
    careful.close();
    assertEquals(RecoveryMode.NORMAL, node.core.recoveryMode());
    TestClient careless = node.client();
    careless.ask(Control.START_PERSISTENT_UPDATE);
    careless.ask(Control.START_PERSISTENT_UPDATE);
    careless.ask(Control.CANCEL_PERSISTENT_UPDATE);
    careless.close();
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
  }

  @Test
  void cancelWithoutStartIsNoCredit() {
    node.recover(client);
    assertEquals(0, client.ask(Control.CANCEL_PERSISTENT_UPDATE).status());
    client.ask(Control.START_PERSISTENT_UPDATE);
    client.close();
    assertEquals(RecoveryMode.ACTIVE, node.core.recoveryMode());
  }

  @Test
  void otherPartsAreToldOnceThatAClientHasGone() {
    List<String> told = new ArrayList<>();
    node.core.onClientGone(client.id, () -> told.add("gone"));
    node.core.onClientGone(12345, () -> told.add("unknown"));
    assertTrue(node.core.clientConnected(client.id));
    client.close();
    node.core.clientGone(client.id);
    assertEquals(List.of("gone"), told);
    assertFalse(node.core.clientConnected(client.id));
    assertEquals(0, nodes.member(1).client().ask(0, 3, 0, Bytes.EMPTY).status());
  }

  @Test
  void idsOfClientsAreNeverReusedSoonAndNeverZero() {
    int last = client.id;
    assertEquals(0x7FFFFF38, last);
    for (int i = 0; i < 300; i++) {
      TestClient next = node.client();
      assertTrue(next.id > 0);
      assertFalse(next.id == last);
      last = next.id;
      next.close();
    }
  }
}
