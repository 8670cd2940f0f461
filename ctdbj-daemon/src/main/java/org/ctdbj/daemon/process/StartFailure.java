// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.Serial;

/**
 * The daemon cannot start. The message is for the administrator; the exit code is ctdbd's for the
 * same reason.
 */
public final class StartFailure extends Exception {
  /** Configuration, nodes file, own address, directories, event scripts. */
  public static final int CONFIGURATION = 1;

  /** The client socket cannot be made. */
  public static final int CLIENT_SOCKET = 10;

  /** Another daemon holds the PID file. */
  public static final int PID_FILE = 11;

  @Serial private static final long serialVersionUID = 1L;

  private final int exitCode;

  /** With one of the codes above. */
  public StartFailure(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** What the process ends with. */
  public int exitCode() {
    return exitCode;
  }
}
