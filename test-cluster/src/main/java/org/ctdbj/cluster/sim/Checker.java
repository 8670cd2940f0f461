// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.Objects;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqDmaster;

/** Watches a simulated cluster from outside: what must hold at every moment. */
final class Checker implements SimNetwork.Watcher {
  private static final int TAKEN_OUT = NodeFlags.BANNED | NodeFlags.STOPPED;

  private final Simulation world;
  private final CommitChecker commits;
  private final LeaderChecker leaders;

  Checker(Simulation world) {
    this.world = world;
    this.commits = new CommitChecker(world);
    this.leaders = new LeaderChecker(world);
  }

  CommitChecker commits() {
    return commits;
  }

  /** A daemon has ended. */
  void gone(SimNode node) {
    world.records().lost(node.pnn());
    commits.gone(node);
  }

  /** A daemon has done a piece of work. */
  void afterEvent(SimNode node) {
    if (!node.up()) {
      return;
    }
    for (MemoryDatabaseStore store : node.attached().values()) {
      store.checkIdle();
    }
    RecoveryMode mode = node.core().recoveryMode();
    if ((node.flags() & TAKEN_OUT) != 0) {
      world.records().lost(node.pnn());
      Violation.unless(
          node.generation() == Generation.INVALID && mode == RecoveryMode.ACTIVE,
          "node %d is taken out (flags %x) but has generation %08x, mode %s",
          node.pnn(),
          node.flags(),
          node.generation(),
          mode);
    }
    if (mode == RecoveryMode.NORMAL) {
      normalMeansWhole(node);
    }
    commits.afterEvent(node);
  }

  private void normalMeansWhole(SimNode node) {
    if (world.profile().twoLeadersPossible()) {
      return; // that it does not stay so is seen when the cluster has to become whole
    }
    Violation.unless(
        node.databases().allGenerationsAre(node.generation()),
        "node %d is in normal mode, but not every database has generation %08x",
        node.pnn(),
        node.generation());
    node.attached()
        .forEach(
            (name, store) ->
                Violation.unless(
                    store.freezeState() == FreezeState.OPEN,
                    "node %d is in normal mode, but %s is %s",
                    node.pnn(),
                    name,
                    store.freezeState()));
  }

  @Override
  public void sending(SimNode from, int to, Packet packet) {
    world.trace().packet(from.pnn(), "send", to, packet);
    switch (packet) {
      case ReqDmaster _, ReplyDmaster _, ReplyCall _ ->
          Violation.unless(
              (from.flags() & TAKEN_OUT) == 0,
              "node %d is taken out and sends %s",
              from.pnn(),
              packet);
      case ReqControl request when request.opcode() == Control.SETVNNMAP.number() ->
          leaders.leads(from, VnnMap.decode(request.data()).generation());
      default -> {
        // others may be sent at any time
      }
    }
  }

  @Override
  public void arrived(SimNode at, Packet packet) {
    Bytes key =
        switch (packet) {
          case ReqCall call -> call.key();
          case ReqDmaster ask -> ask.key();
          case ReplyDmaster reply -> reply.key();
          default -> null;
        };
    MemoryDatabaseStore store = at.store(RecordLedger.DATABASE);
    if (key == null || store == null) {
      at.core().nodePacket(packet);
      return;
    }
    RecordKey recordKey = RecordKey.of(key);
    StoredRecord before = store.get(recordKey);
    boolean stale = packet.header().generation() != at.generation();
    at.core().nodePacket(packet);
    if (stale) {
      Violation.unless(
          Objects.equals(before, store.get(recordKey)),
          "node %d, generation %08x: a packet of generation %08x has changed %s to %s",
          at.pnn(),
          at.generation(),
          packet.header().generation(),
          before,
          store.get(recordKey));
    }
    oneDataMaster(recordKey, at.generation());
  }

  /** In one generation a record has at most one data master, whatever packets are on their way. */
  void oneDataMaster(RecordKey key, int generation) {
    SimNode master = null;
    for (SimNode node : world.nodes()) {
      MemoryDatabaseStore store = node.store(RecordLedger.DATABASE);
      if (store == null
          || !node.active()
          || node.generation() != generation
          || node.core().recoveryMode() != RecoveryMode.NORMAL) {
        continue;
      }
      StoredRecord record = store.get(key);
      if (record != null && record.header().dmaster() == node.pnn()) {
        Violation.unless(
            master == null,
            "%s has two data masters in generation %08x: nodes %d and %d",
            key.bytes().text(),
            generation,
            master == null ? -1 : master.pnn(),
            node.pnn());
        master = node;
      }
    }
  }

  /** {@link #oneDataMaster} for every record. */
  void sweep() {
    for (SimNode node : world.nodes()) {
      if (node.active()) {
        world.records().keys().forEach(key -> oneDataMaster(key, node.generation()));
      }
    }
  }
}
