// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/** What the JDK does not tell about the terminal: {@code System.console()} speaks of all three. */
public final class Terminal {
  private Terminal() {}

  /** Whether standard error is a terminal, whatever standard input and output are. */
  @SuppressWarnings("restricted")
  public static boolean isStandardError() {
    var linker = Linker.nativeLinker();
    var isatty =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("isatty"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      return (int) isatty.invokeExact(2) == 1;
    } catch (Throwable t) {
      throw new AssertionError("a call into the C library does not match its declaration", t);
    }
  }
}
