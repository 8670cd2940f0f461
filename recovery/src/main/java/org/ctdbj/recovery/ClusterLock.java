// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;

/**
 * The cluster lock: whoever holds it may lead. Its implementation runs a helper program that takes
 * the lock and keeps it as long as it lives. All methods return at once; callbacks come on the
 * core's thread, never inside a call.
 */
public interface ClusterLock {
  /** Outcome of an attempt: the first byte that the helper wrote. */
  enum Outcome {
    /** '0': the lock is held until released or lost. */
    HELD,
    /** '1': someone else holds it. */
    CONTENDED,
    /** '2', or no answer in time. */
    TIMEOUT,
    /** '3', or the helper ended without an answer. */
    ERROR
  }

  /** Whether a cluster lock is configured at all; without one the other methods are not called. */
  boolean configured();

  /**
   * Starts an attempt.
   *
   * @param timeoutSeconds after which the attempt is given up as {@link Outcome#TIMEOUT}
   * @param done called once with the outcome
   * @param lost called at most once, after {@link Outcome#HELD}, when the helper has ended although
   *     the lock was not released
   * @return the attempt, to give it up or to release the lock
   */
  Attempt acquire(int timeoutSeconds, Consumer<Outcome> done, Runnable lost);

  /** An attempt or a held lock. */
  interface Attempt {
    /**
     * Gives up the attempt or the lock; neither callback comes afterwards. Safe to call more than
     * once.
     */
    void release();
  }
}
