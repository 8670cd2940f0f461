// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.SockAddr;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers;

/**
 * Several recovery cores with fake daemons, joined by a network without losses: each packet takes a
 * millisecond. Nodes can be killed, stopped like by SIGSTOP, and cut off.
 */
final class FakeCluster {
  private static final long LATENCY_NANOS = 1_000_000;
  private static final SockAddr ADDRESS = new SockAddr(InetAddress.ofLiteral("127.0.0.1"), 4379);

  /** One node: its fake daemon, its recovery core and the queues in front of both. */
  final class Member implements ClusterPort, Timers {
    final FakeNode node;
    final List<String> log = new ArrayList<>();
    final Deque<Runnable> backlog = new ArrayDeque<>();
    final Map<Long, MessageHandler> handlers = new HashMap<>();
    final Map<Object, Consumer<ControlResult>> pending = new HashMap<>();
    final Map<Object, Integer> pendingAt = new HashMap<>();
    RecoveryDaemon recovery;
    boolean leaderCapability = true;
    boolean alive;
    boolean paused;

    Member(int pnn, int nodes) {
      node = new FakeNode(FakeCluster.this, pnn, nodes);
    }

    void start() {
      alive = true;
      node.flags[node.pnn] &= ~NodeFlags.DISCONNECTED;
      var random = new Random(node.pnn + time.now());
      recovery =
          new RecoveryDaemon(
              this,
              this,
              random::nextInt,
              new Log(),
              lock == null ? FakeLock.NONE : lock.of(this),
              new RecoverySettings(5, () -> leaderCapability, false, fastStart, () -> "memory"),
              failure -> {
                throw new AssertionError("core of node " + node.pnn + " broke", failure);
              });
      recovery.start();
    }

    int leader() {
      return recovery.leader();
    }

    boolean logged(String part) {
      return log.stream().anyMatch(line -> line.contains(part));
    }

    /** Runs an event of this node: now, later if it is stopped, never if it is dead. */
    void deliver(Runnable event) {
      if (alive && paused) {
        backlog.add(event);
      } else if (alive) {
        event.run();
      }
    }

    @Override
    public int pnn() {
      return node.pnn;
    }

    @Override
    public void control(
        int destination,
        Control control,
        long srvid,
        int flags,
        Bytes data,
        int timeoutSeconds,
        Consumer<ControlResult> done) {
      var id = new Object();
      pending.put(id, done);
      pendingAt.put(id, destination);
      if (!sees(node.pnn, destination)) {
        time.after(0, () -> answer(id, ControlResult.failed("ctdb_control to disconnected node")));
        return;
      }
      trace.add(node.pnn + ">" + destination + " " + control);
      if (timeoutSeconds > 0) {
        time.after(timeoutSeconds * 1_000_000_000L, () -> answer(id, ControlResult.timeout()));
      }
      var target = members.get(destination);
      time.after(
          LATENCY_NANOS,
          () ->
              target.deliver(
                  () -> {
                    var result = target.node.control(node.pnn, control, data);
                    if (result != null) {
                      time.after(LATENCY_NANOS, () -> answer(id, result));
                    }
                  }));
    }

    private void answer(Object id, ControlResult result) {
      deliver(
          () -> {
            pendingAt.remove(id);
            var done = pending.remove(id);
            if (done != null) {
              done.accept(result);
            }
          });
    }

    void failPending(int to) {
      for (var entry : List.copyOf(pendingAt.entrySet())) {
        if (entry.getValue() == to) {
          answer(entry.getKey(), ControlResult.failed("node is disconnected"));
        }
      }
    }

    @Override
    public void message(int destination, long srvid, Bytes data) {
      FakeCluster.this.message(node.pnn, destination, srvid, data);
    }

    @Override
    public void subscribe(long srvid, MessageHandler handler) {
      if (handlers.putIfAbsent(srvid, handler) != null) {
        throw new AssertionError("subscribed twice: " + Long.toHexString(srvid));
      }
    }

    @Override
    public void unsubscribe(long srvid) {
      handlers.remove(srvid);
    }

    @Override
    public long nowNanos() {
      return time.now();
    }

    @Override
    public long wallClockMicros() {
      return 1_700_000_000_000_000L + time.now() / 1000;
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
      var live = new boolean[] {true};
      time.after(
          delayNanos,
          () ->
              deliver(
                  () -> {
                    if (live[0]) {
                      live[0] = false;
                      task.run();
                    }
                  }));
      return () -> live[0] = false;
    }

    private final class Log implements EventLog {
      @Override
      public boolean enabled(Level level) {
        return true;
      }

      @Override
      public void log(Level level, String text) {
        log.add(String.format("%.3f %s %s", time.now() / 1e9, level, text));
      }
    }
  }

  final VirtualTime time = new VirtualTime();
  final List<Member> members = new ArrayList<>();
  final List<String> trace = new ArrayList<>();
  FakeLock lock;
  boolean fastStart;
  Predicate<int[]> lost = route -> false;

  FakeCluster(int nodes) {
    for (int i = 0; i < nodes; i++) {
      members.add(new Member(i, nodes));
      java.util.Arrays.fill(members.get(i).node.flags, NodeFlags.DISCONNECTED);
    }
  }

  static int databaseId(String name) {
    return name.hashCode();
  }

  Member member(int pnn) {
    return members.get(pnn);
  }

  FakeNode node(int pnn) {
    return members.get(pnn).node;
  }

  /**
   * Starts nodes one after the other, a second apart, so that the first one is the longest-running.
   */
  FakeCluster start() {
    for (int i = 0; i < members.size(); i++) {
      start(i);
      time.runSeconds(1);
    }
    return this;
  }

  void start(int pnn) {
    members.get(pnn).start();
    for (var other : members) {
      if (other.alive && other.node.pnn != pnn) {
        connect(pnn, other.node.pnn);
      }
    }
  }

  /** Starts all and waits for the first recovery. */
  FakeCluster settle() {
    start();
    time.runUntil(60, this::settled);
    time.runSeconds(12); // recoveries are allowed again
    return this;
  }

  /** Whether all active nodes agree and are in normal mode. */
  boolean settled() {
    var active =
        members.stream()
            .filter(m -> m.alive && !m.paused && !NodeFlags.isInactive(m.node.ownFlags()))
            .toList();
    if (active.isEmpty()) {
      return false;
    }
    var numbers = active.stream().map(Member::pnn).toList();
    var first = active.getFirst();
    return numbers.contains(first.leader())
        && first.node.map.generation() != Generation.INVALID
        && first.node.map.lmasters().equals(numbers)
        && active.stream()
            .allMatch(
                m ->
                    m.leader() == first.leader()
                        && m.node.mode == RecoveryMode.NORMAL.number()
                        && m.node.recoveries > 0
                        && m.node.map.equals(first.node.map));
  }

  void kill(int pnn) {
    members.get(pnn).alive = false;
    for (var other : members) {
      if (other.node.pnn != pnn) {
        cut(other.node.pnn, pnn);
      }
    }
  }

  void pause(int pnn) {
    members.get(pnn).paused = true;
  }

  void resume(int pnn) {
    var member = members.get(pnn);
    member.paused = false;
    while (!member.backlog.isEmpty()) {
      member.backlog.poll().run();
    }
  }

  /** The connection between two nodes breaks, as both notice, if they live. */
  void cut(int a, int b) {
    members.get(a).node.flags[b] = NodeFlags.DISCONNECTED | NodeFlags.UNHEALTHY;
    members.get(b).node.flags[a] = NodeFlags.DISCONNECTED | NodeFlags.UNHEALTHY;
    members.get(a).failPending(b);
    members.get(b).failPending(a);
  }

  void connect(int a, int b) {
    members.get(a).node.flags[b] &= ~NodeFlags.DISCONNECTED;
    members.get(b).node.flags[a] &= ~NodeFlags.DISCONNECTED;
  }

  boolean sees(int from, int to) {
    return from == to
        || (to >= 0
            && to < members.size()
            && (members.get(from).node.flags[to] & NodeFlags.DISCONNECTED) == 0);
  }

  void message(int from, int destination, long srvid, Bytes data) {
    for (var target : members) {
      int to = target.node.pnn;
      boolean meant =
          destination == to
              || destination == Pnn.BROADCAST_ALL
              || destination == Pnn.BROADCAST_CONNECTED;
      if (meant && sees(from, to) && !lost.test(new int[] {from, to})) {
        time.after(
            LATENCY_NANOS,
            () ->
                target.deliver(
                    () -> {
                      target.node.message(srvid, data);
                      var handler = target.handlers.get(srvid);
                      if (handler != null) {
                        handler.onMessage(srvid, data);
                      }
                    }));
      }
    }
  }

  NodeMap.Node entry(int pnn, int flags) {
    return new NodeMap.Node(pnn, flags, ADDRESS);
  }
}
