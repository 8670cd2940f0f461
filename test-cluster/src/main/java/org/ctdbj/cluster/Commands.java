// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs to their end. */
public final class Commands {
  private Commands() {}

  /**
   * How a program ended.
   *
   * @param exitCode its exit status
   * @param output what it wrote to standard output
   * @param errors what it wrote to standard error
   */
  public record Result(int exitCode, String output, String errors) {
    /** This result if the program succeeded. */
    public Result orThrow(List<String> command) {
      if (exitCode != 0) {
        throw new IllegalStateException(
            String.join(" ", command) + ": exit status " + exitCode + "\n" + output + errors);
      }
      return this;
    }
  }

  /**
   * Runs a program with no input. Output goes through files, so that a background process that
   * keeps a descriptor open cannot hold the caller up.
   *
   * @param environment added to the own environment
   * @throws IllegalStateException if it does not end in time; it is killed then
   */
  public static Result run(List<String> command, Map<String, String> environment, Duration limit) {
    Path output = null;
    Path errors = null;
    try {
      output = Files.createTempFile("command", ".out");
      errors = Files.createTempFile("command", ".err");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        throw new IllegalStateException(
            String.join(" ", command)
                + ": not finished after "
                + limit.toSeconds()
                + " s\n"
                + read(output)
                + read(errors));
      }
      return new Result(process.exitValue(), read(output), read(errors));
    } catch (IOException e) {
      throw new UncheckedIOException(String.join(" ", command) + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + command, e);
    } finally {
      remove(output);
      remove(errors);
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  private static void remove(Path file) {
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
