// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

/**
 * Lets one database of a node be vacuumed at a time, as ctdbd does: shared by the engines of one
 * node, so that the work of many databases does not add up. Node thread only.
 */
public final class VacuumGate {
  private boolean busy;

  /** Creates the gate of one node, open. */
  public VacuumGate() {}

  /** Enters if nobody is inside; every true needs a {@link #leave}. */
  boolean enter() {
    if (busy) {
      return false;
    }
    busy = true;
    return true;
  }

  void leave() {
    busy = false;
  }
}
