// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/**
 * Is told how far {@link Tdb#lockAll(LockProgress)} has come; runs on the thread that locks, and
 * must not use the handle.
 */
@FunctionalInterface
public interface LockProgress {
  /**
   * More chains are locked now.
   *
   * @param locked chains that are locked: all if they could be had at once
   * @param total all chains of the file
   * @return whether to go on; false gives back what is locked
   */
  boolean chainsLocked(int locked, int total);
}
