// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A process that locks and writes TDB files with Debian's libtdb, or with classic fcntl locks. */
final class LibtdbPeer implements AutoCloseable {
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  private final Process process;
  private final Writer commands;
  private final BufferedReader answers;

  private LibtdbPeer(Process process) {
    this.process = process;
    this.commands = process.outputWriter(StandardCharsets.UTF_8);
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts one; the test is skipped if python3 or libtdb.so.1 is missing. */
  static LibtdbPeer start() throws IOException {
    assumeTrue(Files.isExecutable(PYTHON), "needs " + PYTHON);
    String script;
    try (var in = LibtdbPeer.class.getResourceAsStream("libtdb_peer.py")) {
      script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    var builder = new ProcessBuilder(PYTHON.toString(), "-c", script);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    var peer = new LibtdbPeer(builder.start());
    boolean ready = "ready".equals(peer.answers.readLine());
    if (!ready) {
      peer.close();
    }
    assumeTrue(ready, "needs the library libtdb.so.1 (Debian package libtdb1)");
    return peer;
  }

  long pid() {
    return process.pid();
  }

  void send(String command) {
    try {
      commands.write(command + "\n");
      commands.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String answer() {
    try {
      return CompletableFuture.supplyAsync(
              () -> {
                try {
                  return answers.readLine();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
          .get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no answer from the libtdb process", e);
    }
  }

  String ask(String command) {
    send(command);
    return answer();
  }

  void expectOk(String command) {
    assertEquals("ok", ask(command), command);
  }

  /**
   * Sends a command that cannot finish yet and returns once the process waits in the kernel for it.
   */
  void sendAndAwaitBlocked(String command) throws Exception {
    send(command);
    var stat = Path.of("/proc/" + pid() + "/syscall");
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    String fcntl = arm ? "25" : "72";
    String futex = arm ? "98" : "202";
    Await.until(
        command + " to block",
        () -> {
          var number = Files.readString(stat).split(" ", 2)[0];
          return number.equals(fcntl) || number.equals(futex);
        });
  }

  /** Kills it as {@code kill -9} does, and waits until the kernel has released what it held. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the libtdb process does not die");
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
