// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.function.Consumer;

/**
 * What the control plane does to, and asks of, all databases at once. Node thread only; nothing
 * here blocks.
 */
public interface DatabaseHooks {
  /**
   * Whether every attached database has this generation: without it the recovery mode may not
   * become NORMAL.
   */
  boolean allGenerationsAre(int generation);

  /**
   * Thaws every database and sends its pending calls anew; databases that are not frozen are left
   * alone.
   */
  void thawAll();

  /**
   * The node was stopped or banned and its vnn map has generation 1: every database gets that
   * generation, is frozen, and what a volatile one holds is never again offered to a recovery until
   * it has been thawed.
   */
  void becomeInactive();

  /**
   * The recovery mode has become NORMAL: attach requests that were put off run one second later.
   */
  void recoveryModeNormal();

  /**
   * END_RECOVERY has been executed: transactions that were being committed are answered with status
   * 2.
   */
  void recoveryEnded();

  /** STATISTICS_RESET: the statistics of every database start anew from zero. */
  void resetStatistics();

  /** Freezes every database; answers, later, whether all of them are frozen. */
  void freezeAll(Consumer<Boolean> done);
}
