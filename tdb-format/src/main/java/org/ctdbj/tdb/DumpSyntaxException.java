// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.IOException;

/** Text that is not a dump of a database. The message names the input, the line and both sides. */
public final class DumpSyntaxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long line;

  DumpSyntaxException(String input, long line, String expected, String found) {
    super(input + ": line " + line + ": expected " + expected + ", found " + found);
    this.line = line;
  }

  /** Line of the input, from 1. */
  public long line() {
    return line;
  }
}
