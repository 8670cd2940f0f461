// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Bytes;

/**
 * How a control ended.
 *
 * @param status what the other side answered; -1 also if no answer came
 * @param data body of the reply; empty unless the status is 0
 * @param error text for people; empty for none
 * @param timedOut whether it ended because no answer came in time
 */
public record ControlResult(int status, Bytes data, String error, boolean timedOut) {
  /** An answer. */
  public static ControlResult of(int status, Bytes data, String error) {
    return new ControlResult(status, data, error, false);
  }

  /** No answer in time; the text is ctdbd's. */
  public static ControlResult timeout() {
    return new ControlResult(-1, Bytes.EMPTY, "ctdb_control timed out", true);
  }

  /** Status -1 with a text. */
  public static ControlResult failed(String error) {
    return new ControlResult(-1, Bytes.EMPTY, error, false);
  }

  /** Whether the status is 0. */
  public boolean ok() {
    return status == 0;
  }
}
