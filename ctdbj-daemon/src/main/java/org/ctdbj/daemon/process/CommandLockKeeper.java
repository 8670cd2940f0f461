// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.ctdbj.recovery.ClusterLock.Outcome;
import org.ctdbj.recovery.door.EventLog;

/**
 * Has a helper program keep the cluster lock, by ctdb's protocol: its first byte of output tells
 * the outcome, the end of its output that the lock is lost.
 *
 * <p>The helper must not outlive the daemon, not even after SIGKILL. So it runs below a small shell
 * that reads from a pipe whose other end only this process holds: when the pipe ends, because the
 * lock is released or because the daemon is gone, the shell ends the helper, by SIGTERM and five
 * seconds later by SIGKILL. To the helper the shell is the parent that it polls, and it ends as
 * soon as the helper has.
 */
final class CommandLockKeeper implements LockAttempt.Keeper {
  /**
   * Only the helper keeps the pipe with the outcome, so that its end is seen as soon as the helper
   * ends.
   */
  private static final String WRAPPER =
      """
      exec 3<&0 </dev/null
      "$@" 3<&- &
      helper=$!
      {
        read -r never <&3
        kill -TERM "$helper" 2>/dev/null
        tenths=0
        while kill -0 "$helper" 2>/dev/null && [ "$tenths" -lt 50 ]; do
          sleep 0.1
          tenths=$((tenths + 1))
        done
        kill -KILL "$helper" 2>/dev/null
      } >/dev/null 2>&1 &
      watcher=$!
      exec 3<&- >/dev/null 2>&1
      wait "$helper"
      kill -KILL "$watcher" 2>/dev/null
      """;

  private static final long END_SECONDS = 10;

  private final List<String> command;
  private final EventLog log;
  private volatile Process process;

  CommandLockKeeper(List<String> command, EventLog log) {
    this.command = List.copyOf(command);
    this.log = log;
  }

  @Override
  public void keep(LockAttempt attempt) {
    List<String> wrapped = new ArrayList<>(List.of("/bin/sh", "-c", WRAPPER, "ctdb-cluster-lock"));
    wrapped.addAll(command);
    try {
      process = new ProcessBuilder(wrapped).start();
    } catch (IOException e) {
      log.error("cluster lock helper " + command + " cannot be started: " + e.getMessage());
      return;
    }
    Thread.ofVirtual().name("cluster lock messages").start(this::logMessages);
    if (attempt.isReleased()) {
      letGo();
    }
    try (InputStream output = process.getInputStream()) {
      int first = output.read();
      attempt.report(
          switch (first) {
            case '0' -> Outcome.HELD;
            case '1' -> Outcome.CONTENDED;
            case '2' -> Outcome.TIMEOUT;
            default -> Outcome.ERROR;
          });
      if (first < 0) {
        log.error("cluster lock helper " + command + " ended without an answer");
      }
      while (output.read() >= 0) {
        // some helpers repeat their answer; only the end means something
      }
    } catch (IOException e) {
      log.error("cluster lock helper " + command + ": " + e.getMessage());
    }
    awaitEnd();
  }

  private void awaitEnd() {
    letGo();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        log.error("cluster lock helper " + command + " does not end");
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void logMessages() {
    try (BufferedReader messages =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      for (String line = messages.readLine(); line != null; line = messages.readLine()) {
        log.error("cluster lock helper: " + line);
      }
    } catch (IOException e) {
      log.info("cluster lock helper: no more messages: " + e.getMessage());
    }
  }

  @Override
  public void letGo() {
    Process running = process;
    if (running != null) {
      try {
        running.getOutputStream().close();
      } catch (IOException e) {
        running.destroy(); // the pipe could not be closed, so the shell has to be told otherwise
      }
    }
  }
}
