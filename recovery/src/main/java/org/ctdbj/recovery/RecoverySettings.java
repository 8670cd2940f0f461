// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What the recovery core is told about its node; everything else it asks its daemon.
 *
 * @param leaderTimeoutSeconds silence of the leader after which a new one is elected; ctdb.conf
 *     "leader timeout"
 * @param leaderCapability whether the node may lead now; the control SET_RECMASTERROLE changes it
 *     at run time
 * @param failoverDisabled ctdb.conf "failover / disabled": public addresses are left alone
 * @param fastStart test mode: the first election is short
 * @param memoryReport text that answers a MEM_DUMP message
 */
public record RecoverySettings(
    int leaderTimeoutSeconds,
    BooleanSupplier leaderCapability,
    boolean failoverDisabled,
    boolean fastStart,
    Supplier<String> memoryReport) {
  /** Checks the timeout. */
  public RecoverySettings {
    if (leaderTimeoutSeconds <= 0) {
      throw new IllegalArgumentException(
          "leader timeout is " + leaderTimeoutSeconds + "; expected at least 1 second");
    }
  }
}
