// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import ch.qos.logback.classic.Level;

/**
 * How ctdb's five levels travel through Logback, which has no NOTICE: NOTICE, INFO and DEBUG go as
 * Logback's INFO, DEBUG and TRACE.
 */
final class LogLevels {
  /** Facility LOG_DAEMON, shifted. */
  private static final int DAEMON = 3 << 3;

  private LogLevels() {}

  /**
   * Facility and severity of a syslog message: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO,
   * LOG_DEBUG.
   */
  static int syslogPriority(Level level) {
    int severity =
        switch (level.toInt()) {
          case Level.ERROR_INT -> 3;
          case Level.WARN_INT -> 4;
          case Level.INFO_INT -> 5;
          case Level.DEBUG_INT -> 6;
          default -> 7;
        };
    return DAEMON | severity;
  }
}
