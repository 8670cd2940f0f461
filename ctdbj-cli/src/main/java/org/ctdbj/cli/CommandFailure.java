// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.Serial;

/**
 * Ends a command with exit code 1. The message says what failed, where, and what to do; further
 * lines are indented when it is shown.
 */
public final class CommandFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  public CommandFailure(String message) {
    super(message);
  }

  public CommandFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
