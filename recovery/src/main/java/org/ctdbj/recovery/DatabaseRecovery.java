// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Recovers one database in up to three attempts. */
final class DatabaseRecovery {
  /** Attempts in all; ctdbd's too. */
  private static final int ATTEMPTS = 3;

  private final Scope scope;
  private final RecoveryPlan plan;
  private final ClusterDatabase database;
  private final SrvidSequence srvids;
  private final IntConsumer credit;
  private final Consumer<Boolean> done;
  private int attempt;

  /**
   * @param credit gets a node each time it made an attempt fail
   * @param done gets whether the database was recovered
   */
  DatabaseRecovery(
      Scope scope,
      RecoveryPlan plan,
      ClusterDatabase database,
      SrvidSequence srvids,
      IntConsumer credit,
      Consumer<Boolean> done) {
    this.scope = scope;
    this.plan = plan;
    this.database = database;
    this.srvids = srvids;
    this.credit = credit;
    this.done = done;
  }

  void start() {
    attempt++;
    var attemptScope = scope.child();
    new DatabaseAttempt(
            attemptScope,
            plan,
            database,
            srvids,
            credit,
            () -> {
              attemptScope.end();
              done.accept(true);
            },
            failure -> {
              attemptScope.end();
              failed(failure);
            })
        .start();
  }

  private void failed(String failure) {
    scope
        .log()
        .error(
            String.format(
                "Recovery of database 0x%08x failed, attempt %d of %d: %s",
                database.id(), attempt, ATTEMPTS, failure));
    if (attempt < ATTEMPTS) {
      start();
    } else {
      done.accept(false);
    }
  }
}
