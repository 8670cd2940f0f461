// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/** The program as it is installed, with its launcher, that any user may run. */
final class Distribution {
  private static final Path SCRIPTS = Path.of("..", "ctdbj-daemon", "src", "main", "dist");

  private final Path root;

  private Distribution(Path root) {
    this.root = root;
  }

  /** Makes one of the classes under test in {@code root}, which others can read then. */
  static Distribution in(Path root) throws IOException {
    Path bin = Files.createDirectories(root.resolve("bin"));
    Path lib = Files.createDirectories(root.resolve("lib"));
    Files.copy(SCRIPTS.resolve("bin/ctdbj"), bin.resolve("ctdbj"));
    Files.copy(SCRIPTS.resolve("lib/launcher.sh"), lib.resolve("launcher.sh"));
    var jar = ToolProvider.findFirst("jar").orElseThrow();
    int count = 0;
    for (String entry :
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
            .split(File.pathSeparator, -1)) {
      if (entry.isEmpty()) {
        continue;
      }
      Path path = Path.of(entry);
      Path target = lib.resolve(count++ + ".jar");
      if (Files.isDirectory(path)) {
        assertEquals(
            0,
            jar.run(
                System.out, System.err, "--create", "--file", target.toString(), "-C", entry, "."));
      } else if (entry.endsWith(".jar")) {
        Files.copy(path, target);
      }
    }
    for (Path directory : List.of(root, bin, lib)) {
      permit(directory, "rwxr-xr-x");
    }
    permit(bin.resolve("ctdbj"), "rwxr-xr-x");
    return new Distribution(root);
  }

  static void permit(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  /** The launcher. */
  Path ctdbj() {
    return root.resolve("bin/ctdbj");
  }

  /** A process with the JDK of this one, not started yet. */
  ProcessBuilder builder(Object... command) {
    var texts = new ArrayList<String>();
    for (Object part : command) {
      texts.add(part.toString());
    }
    var builder = new ProcessBuilder(texts);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder;
  }

  /** Runs a command to its end, with nothing to read. */
  CommandRun run(Object... command) throws IOException, InterruptedException {
    return run(builder(command));
  }

  CommandRun run(ProcessBuilder builder) throws IOException, InterruptedException {
    Path out = Files.createTempFile("ctdbj-test", ".out");
    Path err = Files.createTempFile("ctdbj-test", ".err");
    try {
      var process =
          builder
              .redirectInput(new File("/dev/null"))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> builder.command() + " does not end");
      return new CommandRun(
          process.exitValue(),
          Files.readString(out, StandardCharsets.ISO_8859_1),
          Files.readString(err, StandardCharsets.ISO_8859_1));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }
}
