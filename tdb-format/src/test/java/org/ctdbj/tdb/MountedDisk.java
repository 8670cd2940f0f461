// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A file system of a test's own, in memory; the test is skipped where it cannot be mounted. */
record MountedDisk(Path path) implements AutoCloseable {
  private static final String NAME = "ctdbj-test";

  /**
   * Mounts one on a new directory.
   *
   * @param type tmpfs or ramfs
   * @param options for {@code mount}
   */
  static MountedDisk mount(Path directory, String type, String... options) throws IOException {
    Files.createDirectory(directory);
    var command = new ArrayList<>(List.of("mount", "-t", type));
    command.addAll(List.of(options));
    command.addAll(List.of(NAME, directory.toString()));
    assumeTrue(
        succeeds(command.toArray(String[]::new)), "needs root with the right to mount a " + type);
    return new MountedDisk(directory);
  }

  static boolean succeeds(String... command) {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    assertTrue(succeeds("umount", path.toString()), "something keeps a file open or mapped");
  }
}
