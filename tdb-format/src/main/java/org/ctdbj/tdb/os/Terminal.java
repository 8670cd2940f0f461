// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/** What the JDK does not tell about the terminal: {@code System.console()} speaks of all three. */
public final class Terminal {
  private Terminal() {}

  /** Whether standard output is a terminal, whatever standard input and error are. */
  public static boolean isStandardOutput() {
    return isTerminal(1);
  }

  /** Whether standard error is a terminal, whatever standard input and output are. */
  public static boolean isStandardError() {
    return isTerminal(2);
  }

  @SuppressWarnings("restricted")
  private static boolean isTerminal(int descriptor) {
    var linker = Linker.nativeLinker();
    var isatty =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("isatty"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      return (int) isatty.invokeExact(descriptor) == 1;
    } catch (Throwable t) {
      throw new AssertionError("a call into the C library does not match its declaration", t);
    }
  }
}
