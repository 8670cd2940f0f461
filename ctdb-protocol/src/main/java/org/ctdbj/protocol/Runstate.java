// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** How far a node is on its way up or down; it only ever grows. */
public enum Runstate {
  UNKNOWN(0),
  INIT(1),
  SETUP(2),
  FIRST_RECOVERY(3),
  STARTUP(4),
  RUNNING(5),
  SHUTDOWN(6);

  private final int number;

  Runstate(int number) {
    this.number = number;
  }

  /** The number on the wire. */
  public int number() {
    return number;
  }
}
