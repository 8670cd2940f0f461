// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The programs that can be a node of a test cluster. */
public enum DaemonKind {
  /** This project's daemon, from {@code target/dist}. */
  CTDBJ,
  /** Samba's own, from the distribution's package. */
  CTDBD;

  private static final Path REAL = Path.of("/usr/sbin/ctdbd");

  /**
   * The daemon that tests are about: this project's, or the one that the system property {@code
   * ctdbj.test.daemon} names, to find out whether a test asks for more than the original does.
   */
  public static DaemonKind underTest() {
    return valueOf(System.getProperty("ctdbj.test.daemon", CTDBJ.name()));
  }

  /** Whether the program is there. */
  public boolean available() {
    return switch (this) {
      case CTDBJ -> distribution().isPresent();
      case CTDBD -> Files.isExecutable(REAL);
    };
  }

  /** What is missing if the program is not {@link #available}. */
  public String missing() {
    return switch (this) {
      case CTDBJ ->
          "target/dist/bin/ctdbj-daemon is missing: run 'mvn package' at the root of the project";
      case CTDBD -> REAL + " is missing: install the package ctdb";
    };
  }

  /** The command that starts a node in the background and returns when it is ready. */
  public List<String> command() {
    return switch (this) {
      case CTDBJ -> List.of(distribution().orElseThrow().resolve("bin/ctdbj-daemon").toString());
      case CTDBD -> List.of(REAL.toString());
    };
  }

  /**
   * The built programs: the directory named by the system property {@code ctdbj.dist}, else {@code
   * target/dist} of the working directory or of one above it.
   */
  public static Optional<Path> distribution() {
    String named = System.getProperty("ctdbj.dist");
    if (named != null) {
      return Optional.of(Path.of(named).toAbsolutePath()).filter(DaemonKind::complete);
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path candidate = at.resolve("target/dist");
      if (complete(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static boolean complete(Path distribution) {
    return Files.isExecutable(distribution.resolve("bin/ctdbj-daemon"));
  }

  /** Whether this process may do what only root may. */
  public static boolean root() {
    try {
      return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
