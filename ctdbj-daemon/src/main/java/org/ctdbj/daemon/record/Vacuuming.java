// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.function.Consumer;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.Timers;

/**
 * When a volatile database is vacuumed: VacuumInterval seconds after the end of the run before;
 * after VacuumFastPathCount runs the next one is full. Not during a recovery or freeze. A run ends
 * after VacuumMaxRunTime seconds at the latest.
 */
final class Vacuuming {
  private static final long BUSY_RETRY_MILLIS = 500;

  private final RecordAccess access;
  private final ChainLocks locks;
  private final ClientCalls calls;
  private final DatabaseCounters counters;
  private final VacuumGate gate;
  private Timers.Timer timer;
  private long armedSeconds;
  private int fastRuns;
  private VacuumRun running;
  private boolean closed;

  Vacuuming(
      RecordAccess access,
      ChainLocks locks,
      ClientCalls calls,
      DatabaseCounters counters,
      VacuumGate gate) {
    this.access = access;
    this.locks = locks;
    this.calls = calls;
    this.counters = counters;
    this.gate = gate;
  }

  /**
   * Arms the timer for the first run; nothing happens if it is armed or the database is not
   * volatile.
   */
  void start() {
    if (timer == null && access.isVolatile() && !closed) {
      arm();
    }
  }

  private void arm() {
    armedSeconds = intervalSeconds();
    timer = access.node.timers().scheduleSeconds(armedSeconds, this::due);
  }

  /** At least 1: without a pause the runs would follow each other without end. */
  private long intervalSeconds() {
    return Math.max(1, Integer.toUnsignedLong(access.node.tunable(Tunable.VACUUM_INTERVAL)));
  }

  private void due() {
    if (closed) {
      return;
    }
    long interval = intervalSeconds();
    if (interval > armedSeconds) {
      long difference = interval - armedSeconds;
      armedSeconds = interval;
      timer = access.node.timers().scheduleSeconds(difference, this::due);
      return;
    }
    if (!mayRun()) {
      arm();
      return;
    }
    int limit = access.node.tunable(Tunable.VACUUM_FAST_PATH_COUNT);
    boolean full = limit != 0 && Integer.compareUnsigned(fastRuns, limit) >= 0;
    if (!begin(full, _ -> arm())) {
      timer = access.node.timers().scheduleMillis(BUSY_RETRY_MILLIS, this::due);
    }
  }

  /**
   * Runs now, as the DB_VACUUM control asks: status 0 at the end, -1 if it is not possible now or
   * was ended early.
   */
  void run(boolean full, Consumer<Integer> done) {
    if (closed || !access.isVolatile() || !mayRun() || !begin(full, done)) {
      access.node.timers().schedule(0, () -> done.accept(-1));
    }
  }

  private boolean mayRun() {
    return access.node.recoveryMode() == RecoveryMode.NORMAL
        && access.store.freezeState() == FreezeState.OPEN;
  }

  private boolean begin(boolean full, Consumer<Integer> done) {
    if (!gate.enter()) {
      return false;
    }
    long startNanos = access.node.timers().nowNanos();
    var run = new VacuumRun(access, locks, calls, this::mayRun, full);
    long limitSeconds =
        Math.max(1, Integer.toUnsignedLong(access.node.tunable(Tunable.VACUUM_MAX_RUN_TIME)));
    var limit =
        access
            .node
            .timers()
            .scheduleSeconds(limitSeconds, () -> run.stop("it took longer than VacuumMaxRunTime"));
    running = run;
    run.start(
        complete -> {
          limit.cancel();
          running = null;
          gate.leave();
          if (complete) {
            fastRuns = full ? 0 : fastRuns + 1;
          }
          counters.vacuum((access.node.timers().nowNanos() - startNanos) / 1e9);
          done.accept(complete ? 0 : -1);
        });
    return true;
  }

  /** Ends the run and the timer. */
  void close() {
    closed = true;
    if (timer != null) {
      timer.cancel();
    }
    if (running != null) {
      running.stop("the database is closed");
    }
  }
}
