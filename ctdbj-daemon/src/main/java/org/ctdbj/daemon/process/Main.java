// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.LoggerFactory;

/**
 * The program. It always stays the process it was started as; putting it into the background is the
 * launcher's part, which sets the system property {@code ctdbj.background} and reads one line from
 * standard output: {@code ready}, or {@code failed} and the exit code. After {@code ready} standard
 * output and standard error are let go.
 */
public final class Main {
  private static final int USAGE = 1;

  /** How long a signal waits for the end of the start before it ends the process all the same. */
  private static final long START_SECONDS = 30;

  private Main() {}

  /** Runs the daemon until its end. */
  public static void main(String[] arguments) {
    Optional<CommandLine> commandLine = CommandLine.parse(List.of(arguments));
    boolean background = Boolean.getBoolean("ctdbj.background");
    int exitCode;
    if (commandLine.isEmpty()) {
      System.err.print(CommandLine.USAGE);
      exitCode = USAGE;
    } else if (commandLine.get().help()) {
      System.out.print(CommandLine.USAGE);
      exitCode = 0;
    } else {
      exitCode = run(commandLine.get().interactive(), background);
    }
    if (background) {
      tell("failed " + exitCode);
    }
    Runtime.getRuntime().halt(exitCode);
  }

  private static int run(boolean interactive, boolean background) {
    if (background) {
      Signals.acceptInterrupts();
    }
    var starting = new CompletableFuture<Daemon>();
    Signals.handle("TERM", () -> stop(starting));
    Signals.handle("INT", () -> stop(starting));
    Daemon daemon;
    try {
      NodeAssembly assembly =
          ServiceLoader.load(NodeAssembly.class)
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "no NodeAssembly on the class path: installation incomplete"));
      daemon = Daemon.start(System.getenv(), Path.of("").toAbsolutePath(), interactive, assembly);
    } catch (StartFailure e) {
      System.err.println("ctdbd: " + e.getMessage());
      return e.exitCode();
    } catch (RuntimeException e) {
      System.err.println("ctdbd: unexpected failure");
      e.printStackTrace();
      return StartFailure.CONFIGURATION;
    }
    starting.complete(daemon);
    Signals.handle("HUP", daemon::reopenLog);
    Signals.handle("USR1", () -> {});
    if (System.getenv("CTDB_TEST_MODE") != null) {
      StandardInputWatch.start(() -> daemon.stop(0));
    }
    if (background) {
      tell("ready");
      letGo(FileDescriptor.out);
      letGo(FileDescriptor.err);
    }
    return daemon.exitCode().join();
  }

  /** Stops a daemon, once it has started: half a start cannot be taken back from outside. */
  private static void stop(CompletableFuture<Daemon> starting) {
    try {
      starting.get(START_SECONDS, TimeUnit.SECONDS).stop(0);
    } catch (TimeoutException e) {
      System.err.println("ctdbd: stopped while it was starting");
      Runtime.getRuntime().halt(1);
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("nobody interrupts this thread or fails the start", e);
    }
  }

  private static void tell(String line) {
    var output =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.US_ASCII);
    output.println(line);
  }

  /** Closing one of the standard streams makes the JDK put /dev/null in its place. */
  private static void letGo(FileDescriptor descriptor) {
    try {
      new FileOutputStream(descriptor).close();
    } catch (IOException e) {
      LoggerFactory.getLogger(Main.class).warn("a standard stream cannot be closed", e);
    }
  }
}
