// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.util.Locale;
import java.util.Optional;
import org.ctdbj.recovery.door.EventLog;

/** Samba's debug levels, 0 to 10, and the five names that ctdb gives to ranges of them. */
public final class DebugLevel {
  /** Level of a daemon that is told nothing. */
  public static final int NOTICE = 3;

  /** The most that can be asked for. */
  public static final int MAX = 10;

  private DebugLevel() {}

  /** The number for a name (any prefix, any case) or for a decimal number from 0 to 10. */
  public static Optional<Integer> parse(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return text.length() <= 2 && Integer.parseInt(text) <= MAX
          ? Optional.of(Integer.parseInt(text))
          : Optional.empty();
    }
    String wanted = text.toUpperCase(Locale.ROOT);
    for (EventLog.Level level : EventLog.Level.values()) {
      if (level.name().startsWith(wanted)) {
        return Optional.of(number(level));
      }
    }
    return Optional.empty();
  }

  /** The lowest number that lets lines of a level through. */
  public static int number(EventLog.Level level) {
    return switch (level) {
      case ERROR -> 0;
      case WARNING -> 1;
      case NOTICE -> NOTICE;
      case INFO -> 5;
      case DEBUG -> MAX;
    };
  }

  /** The level whose lines, and all more important ones, a number lets through. */
  public static EventLog.Level level(int number) {
    if (number <= 0) {
      return EventLog.Level.ERROR;
    }
    if (number < NOTICE) {
      return EventLog.Level.WARNING;
    }
    if (number < 5) {
      return EventLog.Level.NOTICE;
    }
    return number < MAX ? EventLog.Level.INFO : EventLog.Level.DEBUG;
  }
}
