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

  private static final Runstate[] BY_NUMBER = values(); // they are in the order of their numbers

  private final int number;

  Runstate(int number) {
    this.number = number;
  }

  /**
   * The state with a number.
   *
   * @throws ProtocolException if there is none
   */
  public static Runstate of(int number) {
    if (number < 0 || number >= BY_NUMBER.length) {
      throw new ProtocolException(
          "runstate: expected 0 to "
              + (BY_NUMBER.length - 1)
              + ", found "
              + Integer.toUnsignedString(number));
    }
    return BY_NUMBER[number];
  }

  /** The number on the wire. */
  public int number() {
    return number;
  }
}
