// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the parts of ctdbd's log lines: {@code 2026-11-22T17:17:46.687651+00:00 HOST PROG[PID]:
 * text}. Text of several lines becomes several log lines, each with its own head and all but the
 * first indented, so that no text can pass for a line of another program or of its own.
 *
 * @param hostName HOST
 * @param pid PID
 * @param zone whose offset from UTC is shown
 */
record LineFormat(String hostName, long pid, ZoneId zone) {
  /** PROG of lines that come from libraries. */
  static final String DAEMON_PROGRAM = "ctdbd";

  /** Before every line of a text but the first. */
  private static final String CONTINUATION = "  ";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSxxx");

  /**
   * The name of the program: components of the daemon log under it; libraries log under their class
   * names.
   */
  static String program(ILoggingEvent event) {
    return event.getLoggerName().indexOf('.') < 0 ? event.getLoggerName() : DAEMON_PROGRAM;
  }

  /** Time with microseconds and offset. */
  String time(Instant instant) {
    return TIME.format(instant.atZone(zone));
  }

  /** The head of a line in a file, up to and with the blank before the text. */
  String head(ILoggingEvent event) {
    return time(event.getInstant()) + ' ' + hostName + ' ' + program(event) + '[' + pid + "]: ";
  }

  /**
   * The text, with a throwable if there is one, cut into lines; control characters become question
   * marks.
   */
  static List<String> lines(ILoggingEvent event) {
    String text = event.getFormattedMessage();
    if (event.getLoggerName().indexOf('.') >= 0) {
      text = event.getLoggerName() + ": " + text;
    }
    if (event.getThrowableProxy() != null) {
      text = text + '\n' + ThrowableProxyUtil.asString(event.getThrowableProxy());
    }
    if (plain(text)) {
      return List.of(text);
    }
    List<String> lines = new ArrayList<>();
    text.lines()
        .map(LineFormat::printable)
        .forEach(line -> lines.add(lines.isEmpty() ? line : CONTINUATION + line));
    return lines.isEmpty() ? List.of("") : lines;
  }

  private static boolean plain(String text) {
    return text.chars().noneMatch(Character::isISOControl);
  }

  private static String printable(String line) {
    var clean = new StringBuilder(line.length());
    line.chars()
        .forEach(c -> clean.append(c == '\t' ? ' ' : Character.isISOControl(c) ? '?' : (char) c));
    return clean.toString();
  }
}
