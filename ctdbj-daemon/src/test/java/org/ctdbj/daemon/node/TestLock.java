// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.function.Consumer;
import org.ctdbj.recovery.ClusterLock;

/** A cluster lock whose attempts end when a test says so. */
final class TestLock implements ClusterLock {
  boolean configured;
  Consumer<Outcome> attempt;
  int timeoutSeconds;
  int released;

  @Override
  public boolean configured() {
    return configured;
  }

  @Override
  public Attempt acquire(int seconds, Consumer<Outcome> done, Runnable lost) {
    timeoutSeconds = seconds;
    attempt = done;
    return () -> released++;
  }
}
