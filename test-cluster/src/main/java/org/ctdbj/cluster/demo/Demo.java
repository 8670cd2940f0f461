// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.demo;

import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import org.ctdbj.cluster.DaemonKind;
import org.ctdbj.cluster.samba.SambaCluster;

/**
 * Shows the main job: three nodes on loopback, a record that moves between them, the death of the
 * leader, and, where smbd is installed and may be used, a share-mode conflict between smbd
 * processes on different nodes.
 */
public final class Demo {
  private static final String USAGE =
      """
      usage: bin/demo [--once] [--no-smbd]
        --once     run through and end; exit status 0 only if all that was shown was true
        --no-smbd  leave out the part with smbd
      """;

  private Demo() {}

  /** Entry of {@code bin/demo}. */
  public static void main(String[] arguments) {
    PrintStream out = System.out;
    boolean once = false;
    boolean smbd = true;
    for (String argument : arguments) {
      switch (argument) {
        case "--once" -> once = true;
        case "--no-smbd" -> smbd = false;
        case "--help", "-h" -> {
          out.print(USAGE);
          return;
        }
        default -> {
          System.err.print("bin/demo: unknown argument " + argument + "\n" + USAGE);
          System.exit(2);
        }
      }
    }
    if (!DaemonKind.CTDBJ.available()) {
      System.err.println("bin/demo: " + DaemonKind.CTDBJ.missing());
      System.exit(1);
    }
    System.exit(run(new Narrator(out), once, smbd));
  }

  /**
   * Runs the demonstration.
   *
   * @return exit status
   */
  static int run(Narrator narrator, boolean once, boolean smbd) {
    var stop = new CountDownLatch(1);
    var ended = new CountDownLatch(1);
    // Ctrl-C ends this process only after the clusters have been taken down.
    Thread hook =
        new Thread(
            () -> {
              stop.countDown();
              awaitQuietly(ended);
            });
    Runtime.getRuntime().addShutdownHook(hook);
    try (var daemons = new DaemonPart(narrator)) {
      daemons.show();
      if (!smbd) {
        narrator.line("smbd: left out, as asked");
        lookAround(narrator, once, stop, daemons, null);
      } else if (SambaCluster.missing().isPresent()) {
        narrator.line("smbd: left out, because " + SambaCluster.missing().get());
        lookAround(narrator, once, stop, daemons, null);
      } else {
        try (var samba = new SambaPart(narrator)) {
          samba.show();
          lookAround(narrator, once, stop, daemons, samba);
        }
      }
      return 0;
    } catch (Exception | AssertionError e) {
      narrator.failure(e);
      return 1;
    } finally {
      ended.countDown();
    }
  }

  private static void lookAround(
      Narrator narrator, boolean once, CountDownLatch stop, DaemonPart daemons, SambaPart samba) {
    if (once) {
      narrator.line("All of this was true.");
      return;
    }
    narrator.heading("Look around");
    daemons.hints();
    if (samba != null) {
      samba.hints();
    }
    narrator.line("Ctrl-C stops everything and leaves nothing behind.");
    awaitQuietly(stop);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
