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

  /**
   * The mode with a number.
   *
   * @throws ProtocolException if there is none
   */
  public static RecoveryMode of(int number) {
    return switch (number) {
      case 0 -> NORMAL;
      case 1 -> ACTIVE;
      default ->
          throw new ProtocolException(
              "recovery mode: expected 0 or 1, found " + Integer.toUnsignedString(number));
    };
  }

  /** The number on the wire. */
  public int number() {
    return number;
  }
}
