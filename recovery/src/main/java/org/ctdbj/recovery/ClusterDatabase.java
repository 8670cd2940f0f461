// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.List;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.DatabaseFlags;

/**
 * A database that at least one node has.
 *
 * @param flags {@link DatabaseFlags} without those that may differ between nodes
 * @param holders nodes that have it, ascending
 */
record ClusterDatabase(int id, int flags, List<Integer> holders) {
  boolean isVolatile() {
    return DatabaseFlags.isVolatile(flags);
  }

  boolean isPersistent() {
    return (flags & DatabaseFlags.PERSISTENT) != 0;
  }

  /** What attaches it on a node that does not have it. */
  Control attachControl() {
    if (isPersistent()) {
      return Control.DB_ATTACH_PERSISTENT;
    }
    return isVolatile() ? Control.DB_ATTACH : Control.DB_ATTACH_REPLICATED;
  }
}
