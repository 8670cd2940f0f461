// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.hammer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cluster.Commands;

/**
 * A running C program (hammer.c, linked with libtdb) that adds 1 to counters in the records of a
 * volatile database from one node, as fast as it can.
 */
public final class Hammer implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(10);

  private final Process process;
  private final Path output;
  private final Path errors;

  private Hammer(Process process, Path output, Path errors) {
    this.process = process;
    this.output = output;
    this.errors = errors;
  }

  /**
   * What a hammer has done.
   *
   * @param pnn number of its node
   * @param perKey acknowledged increments by number of the key
   * @param increments all of them
   * @param migrations how often it asked the daemon for a record
   * @param seconds how long it worked
   * @param longestSeconds the longest single increment
   * @param daemonGone whether it ended because the daemon closed the connection
   */
  public record Report(
      int pnn,
      Map<Integer, Long> perKey,
      long increments,
      long migrations,
      double seconds,
      double longestSeconds,
      boolean daemonGone) {}

  /** What is missing on this machine to compile the program; empty if nothing is. */
  public static Optional<String> missing() {
    if (!Files.exists(Path.of("/usr/include/tdb.h"))) {
      return Optional.of("/usr/include/tdb.h is not there (package libtdb-dev)");
    }
    if (!Files.isExecutable(Path.of("/usr/bin/cc"))) {
      return Optional.of("/usr/bin/cc is not there (package gcc)");
    }
    return Optional.empty();
  }

  /** Compiles the program into a directory. */
  public static Path compile(Path directory) {
    try (InputStream source = Hammer.class.getResourceAsStream("hammer.c")) {
      Path file = directory.resolve("hammer.c");
      Files.write(file, source.readAllBytes());
      Path program = directory.resolve("hammer");
      List<String> command =
          List.of(
              "/usr/bin/cc",
              "-O2",
              "-Wall",
              "-Werror",
              "-o",
              program.toString(),
              file.toString(),
              "-ltdb");
      Commands.run(command, Map.of(), LIMIT).orThrow(command);
      return program;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts the program.
   *
   * @param prefix command words before it, for example to enter a namespace
   * @param socket of the daemon
   * @param count increments after which it ends; 0: it goes on until {@link #stop} or the daemon's
   *     end
   */
  public static Hammer start(
      List<String> prefix,
      Path program,
      Path socket,
      String database,
      int keys,
      long count,
      int seed) {
    try {
      Path output = Files.createTempFile("hammer", ".out");
      Path errors = Files.createTempFile("hammer", ".err");
      List<String> command = new java.util.ArrayList<>(prefix);
      command.addAll(
          List.of(
              program.toString(),
              socket.toString(),
              database,
              Integer.toString(keys),
              Long.toString(count),
              Integer.toString(seed)));
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile())
              .start();
      return new Hammer(process, output, errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether it still works. */
  public boolean running() {
    return process.isAlive();
  }

  /** Tells it to end after the increment at hand. */
  public void stop() {
    process.destroy();
  }

  /**
   * Lets it work for a while.
   *
   * @throws AssertionError if it ends before
   */
  public void work(Duration time) {
    try {
      if (process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("hammer: ended early: " + Files.readString(errors));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Waits for its end and returns what it has done. */
  public Report await() {
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError(
            "the hammer has not ended after " + LIMIT.toMinutes() + " minutes");
      }
      int status = process.exitValue();
      if (status != 0 && status != 3) {
        throw new AssertionError("hammer: exit status " + status + ": " + Files.readString(errors));
      }
      return parse(Files.readAllLines(output), status == 3);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static Report parse(List<String> lines, boolean daemonGone) {
    Map<Integer, Long> perKey = new TreeMap<>();
    for (String line : lines) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("key")) {
        perKey.put(Integer.valueOf(words[1]), Long.valueOf(words[2]));
      } else if (words[0].equals("done")) {
        return new Report(
            Integer.parseInt(words[1]),
            perKey,
            Long.parseLong(words[2]),
            Long.parseLong(words[3]),
            Double.parseDouble(words[4]),
            Double.parseDouble(words[5]),
            daemonGone);
      }
    }
    throw new AssertionError("the hammer ended without a report: " + lines);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
      Files.deleteIfExists(output);
      Files.deleteIfExists(errors);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
