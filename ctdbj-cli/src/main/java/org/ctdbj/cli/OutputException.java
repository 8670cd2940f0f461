// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.PrintWriter;
import java.io.Serial;

/** The output could not be written: the disk is full, or its reader has gone. */
final class OutputException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private OutputException(String message) {
    super(message);
  }

  /** Writes out what is buffered, and makes sure that all of it has arrived. */
  static void flush(PrintWriter out) {
    if (out.checkError()) {
      throw new OutputException("the output could not be written completely");
    }
  }
}
