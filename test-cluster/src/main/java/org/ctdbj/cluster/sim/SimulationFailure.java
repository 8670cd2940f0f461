// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.io.Serial;

/** A simulation has failed. The message says all that is needed to repeat it and to read it. */
public final class SimulationFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  SimulationFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
