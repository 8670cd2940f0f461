// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.node.ControlRequest;
import org.ctdbj.daemon.node.ControlTable;
import org.ctdbj.daemon.node.NodeServices;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.Timers.Timer;

/**
 * TRANS3_COMMIT: a client's transaction on a persistent or replicated database is written on every
 * active node. If that fails anywhere, a recovery brings all nodes to the same state, old or new;
 * the client sees from the transaction number which it is. Node thread.
 */
final class TransactionCommits {
  private static final int TIMED_OUT = 1;
  private static final int ENDED_BY_RECOVERY = 2;

  /**
   * How long a commit that comes during a recovery is kept before it is refused: smbd sends it
   * again at once and without end, so a refusal at once (ctdbd 4.17) keeps a processor busy on
   * every node.
   */
  private static final long REFUSAL_DELAY_MILLIS = 500;

  private final NodeServices node;
  private final Databases databases;
  private final List<Commit> running = new ArrayList<>();

  TransactionCommits(NodeServices node, Databases databases) {
    this.node = node;
    this.databases = databases;
  }

  void register(ControlTable controls) {
    controls.register(Control.TRANS3_COMMIT, this::commit);
  }

  /**
   * Whoever has waited for a commit since before the recovery learns that the recovery has decided.
   * Not so commits that began after it, in its generation: nodes may still refuse them, and if one
   * has done so, that is for the next recovery.
   */
  void recoveryEnded() {
    if (node.recoveryMode() != RecoveryMode.NORMAL) {
      return;
    }
    for (Commit commit : List.copyOf(running)) {
      if (commit.generation == node.vnnMap().generation()) {
        continue;
      }
      node.log().notice("commit on database " + commit.database + " ended by recovery");
      commit.answer(ENDED_BY_RECOVERY);
    }
  }

  private void commit(ControlRequest request) {
    var buffer = RecordBuffer.decode(request.data());
    if (node.recoveryMode() != RecoveryMode.NORMAL) {
      node.timers()
          .scheduleMillis(
              REFUSAL_DELAY_MILLIS, () -> request.fail("TRANS3_COMMIT: refused during a recovery"));
      return;
    }
    int clientId = request.clientId();
    if (request.source() != node.pnn() || !node.clientConnected(clientId)) {
      request.fail("TRANS3_COMMIT: not from a client of this node");
      return;
    }
    Database database = databases.named(request, buffer.databaseId());
    if (database == null) {
      return;
    }
    for (Commit other : running) {
      if (other.clientId == clientId) {
        request.fail("TRANS3_COMMIT: the client is committing another transaction");
        return;
      }
      if (other.database == database) {
        request.fail(
            "TRANS3_COMMIT: another transaction on database " + database + " is being committed");
        return;
      }
    }
    // All nodes of the generation, whatever flags they have in this node's view: that may be out of
    // date, or a connection may just be broken, and a node that is left out would go on with old
    // data until the next recovery. ctdbd 4.17 leaves out those that it takes to be inactive: the
    // commit succeeds then, and such a node keeps the old data though it is in the VNN map.
    new Commit(request, database).start(node.vnnMap().lmasters().stream().distinct().toList());
  }

  private final class Commit {
    private final ControlRequest request;
    private final Database database;
    private final int clientId;
    private final int generation = node.vnnMap().generation();
    private final Runnable detached = this::detached;
    private int waiting;
    private boolean ended;
    private boolean failed;
    private Timer timer;

    Commit(ControlRequest request, Database database) {
      this.request = request;
      this.database = database;
      this.clientId = request.clientId();
    }

    void start(List<Integer> nodes) {
      running.add(this);
      database.engine().setCommitRunning(true);
      database.onDetach(detached);
      waiting = nodes.size();
      int seconds = node.tunable(Tunable.CONTROL_TIMEOUT);
      timer = node.timers().scheduleSeconds(Integer.toUnsignedLong(seconds), this::timedOut);
      node.onClientGone(clientId, this::clientGone);
      for (int pnn : nodes) {
        node.control(
            pnn,
            Control.UPDATE_RECORD,
            0,
            clientId,
            0,
            request.data(),
            seconds,
            result -> replied(pnn, result));
      }
    }

    private void replied(int pnn, ControlResult result) {
      if (ended) {
        return;
      }
      if (node.recoveryMode() != RecoveryMode.NORMAL) {
        return; // what nodes have written is for the recovery to judge; its end answers the client
      }
      if (!result.ok()) {
        failed = true;
        node.forceRecovery(
            "commit on database "
                + database
                + " failed at node "
                + pnn
                + ": status "
                + result.status()
                + " "
                + result.error());
        return;
      }
      if (--waiting == 0 && !failed) {
        answer(0);
      }
    }

    private void timedOut() {
      if (ended || node.recoveryMode() != RecoveryMode.NORMAL) {
        return;
      }
      node.log().error("commit on database " + database + ": timeout in ctdb_persistent_state");
      answer(TIMED_OUT);
    }

    private void clientGone() {
      if (!ended) {
        node.forceRecovery("a client disconnected while it committed on database " + database);
        answer(-1);
      }
    }

    private void detached() {
      answer(-1);
    }

    private void answer(int status) {
      if (ended) {
        return;
      }
      ended = true;
      timer.cancel();
      running.remove(this);
      database.notOnDetach(detached);
      database.engine().setCommitRunning(false);
      request.reply(status);
    }
  }
}
