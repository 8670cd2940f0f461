// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;

/**
 * The part of a vacuuming run that deletes empty records everywhere: this node is their location
 * and data master, and other nodes may have copies. All active nodes delete theirs first, one node
 * after the other; a record that one of them keeps stays here too. If a node does not answer,
 * nothing more is deleted.
 */
final class VacuumDeletes {
  private final RecordAccess access;
  private final ChainLocks locks;
  private final VacuumRun run;
  private final Map<RecordKey, RecordHeader> left = new LinkedHashMap<>();
  private final Map<RecordKey, RecordHeader> asked = new LinkedHashMap<>();
  private Runnable next;

  VacuumDeletes(RecordAccess access, ChainLocks locks, VacuumRun run) {
    this.access = access;
    this.locks = locks;
    this.run = run;
  }

  void add(RecordKey key, RecordHeader header) {
    left.put(key, header);
  }

  /** Records that could not be finished. */
  Map<RecordKey, RecordHeader> left() {
    left.putAll(asked);
    return left;
  }

  /** Deletes the records, then goes on. */
  void start(Runnable whenDone) {
    next = whenDone;
    askForSome();
  }

  private void askForSome() {
    if (!run.goesOn()) {
      return;
    }
    if (left.isEmpty()) {
      next.run();
      return;
    }
    asked.putAll(VacuumRun.takeSome(left));
    var nodes = new ArrayDeque<>(access.node.expand(Pnn.BROADCAST_ACTIVE));
    nodes.remove(access.node.pnn());
    askNext(nodes);
  }

  private void askNext(Deque<Integer> nodes) {
    if (nodes.isEmpty()) {
      var busy = new LinkedHashMap<RecordKey, RecordHeader>();
      run.slice(
          asked,
          (key, header) -> deleteHere(key, header, busy),
          () -> {
            access.queues.restore(busy, Set.of());
            askForSome();
          });
      return;
    }
    int target = nodes.removeFirst();
    List<RecordData> records = new ArrayList<>();
    asked.forEach(
        (key, header) ->
            records.add(new RecordData(access.databaseId, key.bytes(), header.encode())));
    access.node.control(
        target,
        Control.TRY_DELETE_RECORDS,
        0,
        0,
        0,
        new RecordBuffer(access.databaseId, records).encode(),
        access.node.tunable(Tunable.CONTROL_TIMEOUT),
        result -> {
          if (!run.goesOn()) {
            return;
          }
          if (!result.ok()) {
            run.stop(
                "node %d could not be asked to delete its copies: status %d %s"
                    .formatted(target, result.status(), result.error()));
          } else if (removeKept(target, result.data())) {
            askNext(nodes);
          }
        });
  }

  private boolean removeKept(int target, Bytes answer) {
    try {
      for (RecordData kept : RecordBuffer.decode(answer).records()) {
        asked.remove(RecordKey.of(kept.key()));
      }
      return true;
    } catch (ProtocolException e) {
      run.stop(
          "node %d answered TRY_DELETE_RECORDS with something else than records: %s"
              .formatted(target, e.getMessage()));
      return false;
    }
  }

  private boolean deleteHere(
      RecordKey key, RecordHeader header, Map<RecordKey, RecordHeader> busy) {
    if (!locks.tryLock(key)) {
      busy.put(key, header);
      return true;
    }
    try {
      if (run.deletable(key, header) && access.lmaster(key) == access.node.pnn()) {
        access.store.delete(key);
      }
      return true;
    } finally {
      locks.unlock(key);
    }
  }
}
