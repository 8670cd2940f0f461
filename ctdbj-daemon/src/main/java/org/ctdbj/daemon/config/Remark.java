// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.nio.file.Path;
import org.ctdbj.recovery.door.EventLog;

/**
 * Something worth saying about a line of a configuration file that does not keep the daemon from
 * starting. Collected while files are read, because the log is opened only after them.
 *
 * @param level how important it is
 * @param text one line that names the file, and the line in it where there is one
 */
public record Remark(EventLog.Level level, String text) {
  static Remark warning(Path file, int line, String text) {
    return new Remark(EventLog.Level.WARNING, file + ":" + line + ": " + text);
  }

  /** Puts the remark into the log. */
  public void logTo(EventLog log) {
    log.log(level, text);
  }
}
