// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import java.nio.file.Files;
import java.nio.file.Path;
import org.ctdbj.daemon.config.ConfigurationException;

/**
 * Where the log goes: {@code backend[:option]} of ctdb.conf.
 *
 * @param kind which backend
 * @param file absolute; null unless the backend is {@link Kind#FILE}
 */
public record LogLocation(Kind kind, Path file) {
  /** The backends, with ctdb's name for each. */
  public enum Kind {
    FILE("file"),
    STDERR("file:"),
    SYSLOG("syslog"),
    SYSLOG_NONBLOCKING("syslog:nonblocking"),
    SYSLOG_UDP("syslog:udp"),
    SYSLOG_UDP_RFC5424("syslog:udp-rfc5424");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /** Standard error. */
  public static LogLocation stderr() {
    return new LogLocation(Kind.STDERR, null);
  }

  /**
   * Reads a location.
   *
   * @throws ConfigurationException if the backend is unknown or the file's directory does not
   *     exist; the message says what was expected
   */
  public static LogLocation parse(String text, Path workingDirectory)
      throws ConfigurationException {
    int colon = text.indexOf(':');
    String backend = colon < 0 ? text : text.substring(0, colon);
    String option = colon < 0 ? "" : text.substring(colon + 1);
    if (backend.equals("file")) {
      if (option.isEmpty() || option.equals("-")) {
        return stderr();
      }
      Path file = workingDirectory.resolve(option).normalize();
      Path directory = file.getParent();
      if (directory == null || !Files.isDirectory(directory)) {
        throw new ConfigurationException("a file in a directory that exists");
      }
      return new LogLocation(Kind.FILE, file);
    }
    for (Kind kind : Kind.values()) {
      if (kind != Kind.FILE && kind.text.equals(text)) {
        return new LogLocation(kind, null);
      }
    }
    throw new ConfigurationException(
        "file:PATH, file:, syslog, syslog:nonblocking, syslog:udp or syslog:udp-rfc5424");
  }

  /**
   * The location as ctdb writes it, with an absolute path: what CTDB_LOGGING tells programs that
   * the daemon starts.
   */
  public String text() {
    return kind == Kind.FILE ? "file:" + file : kind.text;
  }
}
