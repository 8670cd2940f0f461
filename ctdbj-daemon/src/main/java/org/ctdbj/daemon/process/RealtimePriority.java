// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/**
 * SCHED_FIFO for the calling thread, as ctdbd asks for it for its process: the node thread must run
 * when the machine is busy. Other threads of the JVM keep the usual scheduling, and so do programs
 * started from here.
 */
final class RealtimePriority {
  private static final int SCHED_FIFO = 1;
  private static final int SCHED_RESET_ON_FORK = 0x40000000;
  private static final int LOWEST = 1;

  private RealtimePriority() {}

  /** Asks for it; false if the system refuses (CAP_SYS_NICE or a limit is missing). */
  @SuppressWarnings("restricted") // the class is about a call of the C library
  static boolean take() {
    Linker linker = Linker.nativeLinker();
    var address = linker.defaultLookup().find("sched_setscheduler").orElseThrow();
    var call =
        linker.downcallHandle(
            address,
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      var parameter = arena.allocateFrom(ValueLayout.JAVA_INT, LOWEST);
      return (int) call.invokeExact(0, SCHED_FIFO | SCHED_RESET_ON_FORK, parameter) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("sched_setscheduler", e);
    }
  }
}
