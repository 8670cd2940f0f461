// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.TunableValues;

/** Tunables that are times. */
final class Timeouts {
  /**
   * A control without a limit would be waited for for ever, and a pause of nothing would keep a
   * processor busy.
   */
  private static final int MIN_SECONDS = 1;

  /** Eleven days: nobody means more, and sums of it in nanoseconds do not overflow. */
  private static final long MAX_SECONDS = 1_000_000;

  private Timeouts() {}

  /** Seconds of a tunable, at least 1. */
  static int seconds(TunableValues tunables, Tunable tunable) {
    return (int)
        Math.clamp(Integer.toUnsignedLong(tunables.get(tunable)), MIN_SECONDS, MAX_SECONDS);
  }
}
