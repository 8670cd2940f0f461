// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * In test mode the daemon ends with whoever holds the other end of its standard input, if that is a
 * pipe.
 */
final class StandardInputWatch {
  private static final int TYPE_MASK = 0xF000;
  private static final int FIFO = 0x1000;

  private StandardInputWatch() {}

  /** Starts to watch, if standard input is a pipe. */
  static void start(Runnable ended) {
    try {
      int mode = (int) Files.getAttribute(Path.of("/proc/self/fd/0"), "unix:mode");
      if ((mode & TYPE_MASK) != FIFO) {
        return;
      }
    } catch (IOException noStandardInput) {
      return;
    }
    Thread.ofPlatform().name("stdin watch").daemon().start(() -> watch(System.in, ended));
  }

  private static void watch(InputStream input, Runnable ended) {
    try {
      while (input.read() >= 0) {
        // what is sent means nothing
      }
    } catch (IOException broken) {
      // as good as ended
    }
    ended.run();
  }
}
