// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.io.Serial;

/** Something happened in a simulated cluster that never may. */
final class Violation extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  Violation(String what) {
    super(what);
  }

  /** Throws if the condition does not hold. */
  @SuppressWarnings("AnnotateFormatMethod") // its annotation is in no library of this project
  static void unless(boolean holds, String format, Object... arguments) {
    if (!holds) {
      throw new Violation(format.formatted(arguments));
    }
  }
}
