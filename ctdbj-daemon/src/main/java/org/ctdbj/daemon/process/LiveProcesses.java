// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

/** Which processes of this host live: what the PROCESS_EXISTS control asks. */
public final class LiveProcesses {
  private LiveProcesses() {}

  /** Whether a process with this id exists; numbers below 1 are never one. */
  public static boolean exists(int pid) {
    return pid > 0 && ProcessHandle.of(pid).isPresent();
  }
}
