// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Whether a node takes part in a recovery. */
public enum RecoveryMode {
  NORMAL(0),
  ACTIVE(1);

  private final int number;

  RecoveryMode(int number) {
    this.number = number;
  }

  /** The number on the wire. */
  public int number() {
    return number;
  }
}
