// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What libtdb's tdb_check says of files, from a small C program that is compiled for it. */
final class LibTdbCheck {
  private final Path program;

  private LibTdbCheck(Path program) {
    this.program = program;
  }

  /** Compiles the program, or skips the test if the machine has no compiler or no libtdb-dev. */
  static LibTdbCheck compile(Path dir) throws IOException, InterruptedException {
    Path source = dir.resolve("libtdb_check.c");
    try (var in = LibTdbCheck.class.getResourceAsStream("libtdb_check.c")) {
      Files.copy(in, source);
    }
    Path program = dir.resolve("libtdb_check");
    Path log = dir.resolve("gcc.log");
    Process gcc;
    try {
      gcc =
          new ProcessBuilder("gcc", "-O1", "-o", program.toString(), source.toString(), "-ltdb")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    } catch (IOException e) {
      abort("needs gcc: " + e.getMessage());
      throw e;
    }
    int status = gcc.waitFor();
    assumeTrue(status == 0, () -> "needs the Debian package libtdb-dev: " + text(log));
    return new LibTdbCheck(program);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** A file and the flags to open it with. */
  record Question(int flags, Path file) {}

  /** For each file: good, bad, refused (by tdb_open), crashes or hangs. */
  List<String> ask(List<Question> questions, Path dir) throws IOException, InterruptedException {
    var lines = new ArrayList<String>();
    for (Question question : questions) {
      lines.add(question.flags + " " + question.file);
    }
    Path input = Files.write(dir.resolve("questions"), lines, StandardCharsets.UTF_8);
    Path output = dir.resolve("answers");
    var process =
        new ProcessBuilder(program.toString())
            .redirectInput(input.toFile())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(0, process.waitFor(), "the program that asks libtdb");
    List<String> answers = Files.readAllLines(output);
    assertEquals(questions.size(), answers.size(), "answers of libtdb");
    return answers;
  }
}
