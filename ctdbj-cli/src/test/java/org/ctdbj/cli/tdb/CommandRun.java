// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cli.Ctdbj;
import org.ctdbj.cli.Streams;
import org.junit.jupiter.api.Assumptions;

/**
 * What a command gave back: ours in this process, or a program of Debian.
 *
 * @param out its output, one character per byte
 * @param err its messages
 */
record CommandRun(int exit, String out, String err) {
  /** Runs {@code ctdbj} with nothing to read. */
  static CommandRun ctdbj(Object... arguments) {
    return ctdbjReading(new byte[0], arguments);
  }

  /** Runs {@code ctdbj tdb}. */
  static CommandRun tdb(Object... arguments) {
    var all = new ArrayList<Object>(List.of(arguments));
    all.addFirst("tdb");
    return ctdbj(all.toArray());
  }

  /** Runs {@code ctdbj} with the given standard input. */
  static CommandRun ctdbjReading(byte[] input, Object... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new StringWriter();
    var streams = Streams.of(new ByteArrayInputStream(input), out, new PrintWriter(err, true));
    int exit = Ctdbj.commandLine(streams).execute(texts(arguments));
    return new CommandRun(exit, out.toString(StandardCharsets.ISO_8859_1), err.toString());
  }

  private static String[] texts(Object... arguments) {
    var texts = new String[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      texts[i] = arguments[i].toString();
    }
    return texts;
  }

  /** Runs a program of the Debian packages tdb-tools or ctdb; skips the test if it is missing. */
  static CommandRun tool(String name, Object... arguments)
      throws IOException, InterruptedException {
    return toolReading(new byte[0], name, arguments);
  }

  /** As {@link #tool}, with the given standard input. */
  static CommandRun toolReading(byte[] input, String name, Object... arguments)
      throws IOException, InterruptedException {
    Path program = Path.of("/usr/bin", name);
    Assumptions.assumeTrue(
        Files.isExecutable(program), "needs " + name + " (Debian packages tdb-tools, ctdb)");
    var command = new ArrayList<>(List.of(texts(arguments)));
    command.addFirst(program.toString());
    Path in = Files.createTempFile("ctdbj-test", ".in");
    Path out = Files.createTempFile("ctdbj-test", ".out");
    Path err = Files.createTempFile("ctdbj-test", ".err");
    try {
      Files.write(in, input);
      Process process =
          new ProcessBuilder(command)
              .redirectInput(in.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> command + " does not end");
      return new CommandRun(
          process.exitValue(),
          Files.readString(out, StandardCharsets.ISO_8859_1),
          Files.readString(err, StandardCharsets.ISO_8859_1));
    } finally {
      Files.delete(in);
      Files.delete(out);
      Files.delete(err);
    }
  }
}
