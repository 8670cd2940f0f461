// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import org.ctdbj.recovery.door.Timers;

/**
 * Something that must not run twice at a time and that others may forbid for a while: recoveries,
 * takeover runs.
 */
final class Operation {
  private final String name;
  private final Scope scope;
  private boolean inProgress;
  private Timers.Timer disabled;

  /**
   * @param name in the plural, for the log
   */
  Operation(String name, Scope scope) {
    this.name = name;
    this.scope = scope;
  }

  /** Starts one, if none runs and they are not disabled. */
  boolean begin() {
    if (inProgress || disabled()) {
      scope.log().info("Cannot begin: " + name + (inProgress ? " in progress" : " are disabled"));
      return false;
    }
    inProgress = true;
    return true;
  }

  /** The one that runs is over. */
  void end() {
    inProgress = false;
  }

  boolean inProgress() {
    return inProgress;
  }

  boolean disabled() {
    return disabled != null;
  }

  /**
   * Forbids new ones for a time, which replaces an earlier one.
   *
   * @param seconds unsigned; 0 allows them again
   * @return false while one runs: nothing has changed
   */
  boolean disable(int seconds) {
    if (inProgress && seconds != 0) {
      scope.log().warning("Cannot disable " + name + ": one is in progress");
      return false;
    }
    if (seconds == 0) {
      enable();
      return true;
    }
    if (disabled != null) {
      disabled.cancel();
    }
    scope
        .log()
        .notice("Disabling " + name + " for " + Integer.toUnsignedString(seconds) + " seconds");
    disabled = scope.afterSeconds(Integer.toUnsignedLong(seconds), this::enable);
    return true;
  }

  private void enable() {
    if (disabled != null) {
      disabled.cancel();
      disabled = null;
      scope.log().notice("Reenabling " + name);
    }
  }
}
