// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.ctdbj.protocol.Bytes;

/** Another process in a TDB file, as smbd is one: a C program that uses Debian's libtdb. */
final class TdbPeer implements AutoCloseable {
  private static final Path COMPILER = Path.of("/usr/bin/gcc");
  private static final Path HEADER = Path.of("/usr/include/tdb.h");

  private final Process process;
  private final Writer commands;
  private final BufferedReader answers;

  private TdbPeer(Process process) {
    this.process = process;
    this.commands = process.outputWriter(StandardCharsets.UTF_8);
    this.answers = process.inputReader(StandardCharsets.UTF_8);
  }

  /** Builds the program; the test is skipped if that is not possible here. */
  static Path compile(Path directory) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(COMPILER), "needs " + COMPILER);
    assumeTrue(Files.exists(HEADER), "needs " + HEADER + " (Debian package libtdb-dev)");
    Path source = directory.resolve("peer.c");
    Path program = directory.resolve("peer");
    try (var in = TdbPeer.class.getResourceAsStream("peer.c")) {
      Files.copy(in, source);
    }
    Process compiler =
        new ProcessBuilder(
                COMPILER.toString(), "-o", program.toString(), source.toString(), "-ltdb")
            .inheritIO()
            .start();
    assertTrue(compiler.waitFor(60, TimeUnit.SECONDS), "the compiler does not end");
    assertEquals(0, compiler.exitValue(), "compiler's exit status");
    return program;
  }

  static TdbPeer open(Path program, Path file, int flags) throws IOException {
    var peer =
        new TdbPeer(
            new ProcessBuilder(program.toString(), file.toString(), Integer.toString(flags))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    assertEquals("open", peer.answer());
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
    var line =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return answers.readLine();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      return line.get(30, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("no answer from the process with libtdb", e);
    }
  }

  String ask(String command) {
    send(command);
    return answer();
  }

  void ok(String command) {
    assertEquals("0", ask(command), command);
  }

  void lock(String key) {
    ok("lock " + hex(key));
  }

  void unlock(String key) {
    ok("unlock " + hex(key));
  }

  static String hex(String text) {
    return Bytes.ofText(text).hex();
  }

  /** Ends it as kill -9 does, and waits until it has ended. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the process does not die");
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
