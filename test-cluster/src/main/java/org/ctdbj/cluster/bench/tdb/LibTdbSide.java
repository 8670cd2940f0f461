// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench.tdb;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.Commands;

/** libtdb, in a C program that is compiled here. */
final class LibTdbSide implements Side {
  private static final Duration COMPILE_LIMIT = Duration.ofMinutes(2);
  private static final int END_SECONDS = 10;

  private final Process process;
  private final Writer commands;
  private final BufferedReader answers;

  private LibTdbSide(Process process) {
    this.process = process;
    this.commands = process.outputWriter();
    this.answers = process.inputReader();
  }

  /**
   * Compiles and starts the program.
   *
   * @param directory for the program and its source
   * @throws IllegalStateException if it does not compile: it needs cc and libtdb-dev
   */
  static LibTdbSide start(Path directory) throws IOException {
    Path source = directory.resolve("libtdb.c");
    try (InputStream resource = LibTdbSide.class.getResourceAsStream("libtdb.c")) {
      Files.write(source, resource.readAllBytes());
    }
    Path program = directory.resolve("libtdb");
    var compile =
        List.of("cc", "-O2", "-Wall", "-o", program.toString(), source.toString(), "-ltdb");
    Commands.run(compile, Map.of(), COMPILE_LIMIT).orThrow(compile);
    return new LibTdbSide(
        new ProcessBuilder(program.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  private long ask(String command) throws IOException {
    commands.write(command + "\n");
    commands.flush();
    String answer = answers.readLine();
    if (answer == null || !answer.startsWith("ok ")) {
      throw new IOException("the libtdb program failed at: " + command);
    }
    return Long.parseLong(answer.substring(3));
  }

  @Override
  public void open(int slot, int flags, int hashSize, Path path) throws IOException {
    ask("open %d %d %d %s".formatted(slot, flags, hashSize, path));
  }

  @Override
  public void fill(int slot, int records, int length) throws IOException {
    ask("fill %d %d %d".formatted(slot, records, length));
  }

  @Override
  public long run(int slot, Workload.Operation operation, int count, int records, int length)
      throws IOException {
    return ask(
        "run %d %s %d %d %d"
            .formatted(slot, operation.name().toLowerCase(Locale.ROOT), count, records, length));
  }

  @Override
  public void close() throws IOException {
    commands.close();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
