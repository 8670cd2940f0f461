// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Consumer;
import org.ctdbj.recovery.door.EventLog;

/**
 * Runs pieces of work of the node thread. An exception ends the piece, not the thread, and is
 * logged with its stack: the request behind it goes unanswered, everything else goes on. An {@link
 * Error} means that the daemon cannot be trusted any more and is handed to the process, which
 * stops.
 *
 * @param log where failures are reported
 * @param fatal told of each {@link Error}
 */
record Guard(EventLog log, Consumer<Error> fatal) {
  void run(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      log.error("unexpected failure on the node thread: " + stack(e));
    } catch (Error e) {
      log.error("fatal failure on the node thread: " + stack(e));
      fatal.accept(e);
    }
  }

  private static String stack(Throwable failure) {
    var text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
