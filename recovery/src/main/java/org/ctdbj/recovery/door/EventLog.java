// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery.door;

import java.util.function.Supplier;

/** Where a core reports what it did and why. Never blocks, never throws. */
public interface EventLog {
  /** Levels of ctdbd's log, most important first. */
  enum Level {
    /** Something failed. */
    ERROR,
    /** Something looks wrong. */
    WARNING,
    /** What an administrator wants to know: the default. */
    NOTICE,
    /** More detail. */
    INFO,
    /** For developers. */
    DEBUG
  }

  /** Whether lines of this level go anywhere: to save the making of their text. */
  boolean enabled(Level level);

  /** One line of text without a line end. */
  void log(Level level, String text);

  /** Logs a line that is made only if it goes anywhere. */
  default void log(Level level, Supplier<String> text) {
    if (enabled(level)) {
      log(level, text.get());
    }
  }

  /** {@link Level#ERROR}. */
  default void error(String text) {
    log(Level.ERROR, text);
  }

  /** {@link Level#WARNING}. */
  default void warning(String text) {
    log(Level.WARNING, text);
  }

  /** {@link Level#NOTICE}. */
  default void notice(String text) {
    log(Level.NOTICE, text);
  }

  /** {@link Level#INFO}. */
  default void info(String text) {
    log(Level.INFO, text);
  }

  /** {@link Level#DEBUG}. */
  default void debug(Supplier<String> text) {
    log(Level.DEBUG, text);
  }
}
