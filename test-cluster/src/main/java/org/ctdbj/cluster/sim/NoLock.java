// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.function.Consumer;
import org.ctdbj.recovery.ClusterLock;

/** No cluster lock is configured: leaders are elected by vote. */
enum NoLock implements ClusterLock {
  INSTANCE;

  @Override
  public boolean configured() {
    return false;
  }

  @Override
  public Attempt acquire(int timeoutSeconds, Consumer<Outcome> done, Runnable lost) {
    throw new Violation("an attempt on a cluster lock that is not configured");
  }
}
