// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * UNIX signals. The JDK has them in {@code sun.misc.Signal} only (module jdk.unsupported), which is
 * reached by reflection so that the compiler need not be told to accept an unsupported class.
 */
final class Signals {
  private static final int SIGINT = 2;
  private static final MemorySegment SIG_ERR = MemorySegment.ofAddress(-1);

  private Signals() {}

  /**
   * Gives SIGINT back its default action. A shell starts what it puts into the background with
   * SIGINT ignored; the JVM then accepts no handler for it, and every program started from here
   * would ignore it too. To be called before either happens.
   */
  @SuppressWarnings("restricted") // the JDK cannot change what is ignored
  static void acceptInterrupts() {
    Linker linker = Linker.nativeLinker();
    var call =
        linker.downcallHandle(
            linker.defaultLookup().find("signal").orElseThrow(),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    MemorySegment before;
    try {
      before = (MemorySegment) call.invokeExact(SIGINT, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new IllegalStateException("signal", e);
    }
    if (before.equals(SIG_ERR)) {
      throw new IllegalStateException("signal(SIGINT, SIG_DFL) failed");
    }
  }

  /**
   * Runs an action, on a thread of its own, at each arrival of a signal.
   *
   * @param name without SIG
   * @throws IllegalStateException if this JVM does not let the signal be handled
   */
  @SuppressWarnings("ReferenceEquality") // equals() of the proxy leads back to this handler
  static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler invocation =
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  action.run();
                  yield null;
                }
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" -> proxy == arguments[0];
                default -> "handler of SIG" + name;
              };
      Object proxy =
          Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, invocation);
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signal " + name + " cannot be handled", e);
    }
  }
}
