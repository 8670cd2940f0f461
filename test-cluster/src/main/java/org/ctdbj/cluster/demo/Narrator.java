// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** Tells on a terminal what happens, with the time since the beginning. */
final class Narrator {
  private final PrintStream out;
  private final long startNanos = System.nanoTime();

  Narrator(PrintStream out) {
    this.out = out;
  }

  void heading(String text) {
    out.println();
    out.println("== " + text);
    out.flush();
  }

  void line(String text) {
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    out.printf(Locale.ROOT, "%7.2f s  %s%n", seconds, text);
    out.flush();
  }

  void quote(String text) {
    text.lines().forEach(line -> out.println("             | " + line));
    out.flush();
  }

  void failure(Throwable problem) {
    out.println();
    out.println("The demonstration failed: " + problem);
    problem.printStackTrace(out);
    out.flush();
  }

  /** Stops the demonstration if something that is shown is not true. */
  void check(boolean truth, String claim) {
    if (!truth) {
      throw new AssertionError("not true: " + claim);
    }
    line(claim);
  }

  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f s", duration.toNanos() / 1e9);
  }
}
