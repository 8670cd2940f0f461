// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.IOException;
import java.io.Serial;

/** Standard output could not be written: the disk is full, or its reader has gone. */
public final class OutputException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  public OutputException(IOException cause) {
    super("standard output could not be written completely: " + cause.getMessage(), cause);
  }
}
