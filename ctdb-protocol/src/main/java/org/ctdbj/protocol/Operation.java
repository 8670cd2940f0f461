// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** What kind of packet a frame is: the fifth word of its header. 6 is not used. */
public enum Operation {
  REQ_CALL(0),
  REPLY_CALL(1),
  REQ_DMASTER(2),
  REPLY_DMASTER(3),
  REPLY_ERROR(4),
  REQ_MESSAGE(5),
  REQ_CONTROL(7),
  REPLY_CONTROL(8),
  REQ_KEEPALIVE(9),
  REQ_TUNNEL(10);

  private static final Operation[] BY_NUMBER = new Operation[11];

  static {
    for (Operation operation : values()) {
      BY_NUMBER[operation.number] = operation;
    }
  }

  private final int number;

  Operation(int number) {
    this.number = number;
  }

  /** The operation with a number; null if there is none. */
  public static Operation of(int number) {
    return number < 0 || number >= BY_NUMBER.length ? null : BY_NUMBER[number];
  }

  /** The number on the wire. */
  public int number() {
    return number;
  }

  /** Whether the daemon takes it from a client; from a node it takes all. */
  public boolean fromClient() {
    return switch (this) {
      case REQ_CALL, REQ_MESSAGE, REQ_CONTROL, REQ_TUNNEL -> true;
      case REPLY_CALL, REQ_DMASTER, REPLY_DMASTER, REPLY_ERROR, REPLY_CONTROL, REQ_KEEPALIVE ->
          false;
    };
  }
}
