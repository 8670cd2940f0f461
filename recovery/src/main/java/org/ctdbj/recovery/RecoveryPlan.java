// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;

/**
 * What is fixed for one whole recovery.
 *
 * @param leader the own node: new data master of all volatile records
 * @param generation of the cluster after the recovery
 * @param nodes that take part, ascending, the leader included
 */
record RecoveryPlan(int leader, int generation, List<Integer> nodes, TunableValues tunables) {
  /** After which a control counts as failed. */
  int timeoutSeconds() {
    return Timeouts.seconds(tunables, Tunable.RECOVER_TIMEOUT);
  }
}
