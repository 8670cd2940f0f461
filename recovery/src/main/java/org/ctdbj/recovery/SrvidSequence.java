// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.protocol.Srvid;

/**
 * Service ids for the records of pulls and pushes. None is used twice by one core, so that messages
 * of an attempt that was given up never get into the next one.
 */
final class SrvidSequence {
  private long last;

  /** One that was never given out. */
  long next() {
    last++;
    return Srvid.RECOVERY | last;
  }
}
