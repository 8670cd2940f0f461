// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.ctdbj.daemon.store.memory.VirtualTime;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.ProtocolVersion;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.recovery.door.EventLog;

/** Control planes wired together in memory, in virtual time. */
final class TestNodes {
  static final int GENERATION = 4242;

  final VirtualTime time = new VirtualTime();
  final List<Member> members = new ArrayList<>();

  /** One of them. */
  final class Member implements NodeNetwork {
    final VirtualTime time = TestNodes.this.time;
    final int pnn;
    final TestHost host;
    final TestDatabases databases = new TestDatabases();
    final TestLock lock = new TestLock();
    final List<String> log = new ArrayList<>();
    final List<Packet> sent = new ArrayList<>();
    final Set<Integer> linked = new HashSet<>();
    final List<Integer> restarted = new ArrayList<>();
    final NodeCore core;

    Member(NodeConfiguration configuration) {
      pnn = configuration.pnn();
      host = new TestHost(configuration.nodes());
      lock.configured = !configuration.clusterLock().isEmpty();
      core = new NodeCore(configuration, time, () -> 7, new Lines(log), this, host, lock);
      core.connect(databases, databases);
    }

    @Override
    public void send(int destination, Packet packet) {
      if (linked.contains(destination)) {
        sent.add(packet);
        time.schedule(0, () -> member(destination).core.nodePacket(packet));
      }
    }

    @Override
    public void restart(int destination) {
      restarted.add(destination);
      linked.remove(destination);
    }

    TestClient client() {
      return new TestClient(this, 1000 + pnn);
    }

    /** What this node thinks of one. */
    int flags(int of) {
      return core.nodeFlags(of);
    }

    /** A recovery that ends well, as a leader would lead this node through it. */
    void recover(TestClient client) {
      client.ask(Control.SET_RECMODE, Bytes.ofInt(RecoveryMode.ACTIVE.number()));
      client.ask(Control.SETVNNMAP, new VnnMap(GENERATION, List.of(pnn)).encode());
      client.ask(Control.SET_RECMODE, Bytes.ofInt(RecoveryMode.NORMAL.number()));
      client.ask(Control.END_RECOVERY);
    }
  }

  private record Lines(List<String> lines) implements EventLog {
    @Override
    public boolean enabled(Level level) {
      return true;
    }

    @Override
    public void log(Level level, String text) {
      lines.add(text);
    }
  }

  /** So many nodes, all connected to each other. */
  static TestNodes connected(int count) {
    var nodes = new TestNodes();
    for (int pnn = 0; pnn < count; pnn++) {
      nodes.add(configuration(pnn, count));
    }
    nodes.connectAll();
    return nodes;
  }

  Member add(NodeConfiguration configuration) {
    var member = new Member(configuration);
    members.add(member);
    return member;
  }

  static NodeConfiguration configuration(int pnn, int count) {
    return new NodeConfiguration(
        pnn,
        addresses(count),
        Capabilities.DEFAULT,
        false,
        false,
        "",
        TunableValues.defaults(),
        false,
        ProtocolVersion.SAMBA_4_17);
  }

  /** The configuration of the only node, with a cluster lock. */
  static NodeConfiguration withLock(String lock, int pnn, int count) {
    NodeConfiguration plain = configuration(pnn, count);
    return new NodeConfiguration(
        pnn,
        plain.nodes(),
        plain.capabilities(),
        false,
        false,
        lock,
        plain.tunables(),
        false,
        plain.keepaliveVersion());
  }

  static List<NodeMap.Node> addresses(int count) {
    List<NodeMap.Node> nodes = new ArrayList<>();
    for (int pnn = 0; pnn < count; pnn++) {
      nodes.add(new NodeMap.Node(pnn, 0, address(pnn + 1)));
    }
    return nodes;
  }

  static SockAddr address(int last) {
    try {
      return new SockAddr(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last}), 4379);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  Member member(int pnn) {
    return members.get(pnn);
  }

  void connectAll() {
    for (Member from : members) {
      for (Member to : members) {
        if (from != to) {
          from.linked.add(to.pnn);
          from.core.linkUp(to.pnn);
        }
      }
    }
  }

  /** All connections between two nodes break. */
  void cut(int one, int other) {
    member(one).linked.remove(other);
    member(other).linked.remove(one);
    member(one).core.linkDown(other);
    member(other).core.linkDown(one);
  }

  /** Starts all of them as a daemon does. */
  void start() {
    for (Member member : members) {
      member.core.setRunstate(Runstate.FIRST_RECOVERY);
      member.core.start();
    }
  }

  static boolean has(int flags, int flag) {
    return (flags & flag) != 0;
  }

  static boolean disconnected(int flags) {
    return has(flags, NodeFlags.DISCONNECTED);
  }
}
