// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts the real daemon by its launchers, from a distribution made of the classes under test. */
@Tag("interop")
@Timeout(120)
class LauncherTest {
  private record Result(int exitCode, String output, String errors) {}

  @TempDir static Path distribution;
  @TempDir Path work;
  private Path base;

  @BeforeAll
  static void makeDistribution() throws IOException {
    Path source = Path.of("src/main/dist");
    Assumptions.assumeTrue(
        Files.isDirectory(source), "run in the directory of the module: src/main/dist is missing");
    for (String directory : List.of("bin", "lib")) {
      Files.createDirectories(distribution.resolve(directory));
      try (Stream<Path> files = Files.list(source.resolve(directory))) {
        for (Path file : files.toList()) {
          Path copy = distribution.resolve(directory).resolve(file.getFileName());
          Files.copy(file, copy);
          assertTrue(copy.toFile().setExecutable(true));
        }
      }
    }
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    int number = 0;
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path part = Path.of(entry).toAbsolutePath();
      Path jar = distribution.resolve("lib/part" + number++ + ".jar");
      if (Files.isRegularFile(part)) {
        Files.copy(part, jar);
      } else if (Files.isDirectory(part) && !part.endsWith("test-classes")) {
        pack(part, jar);
      }
    }
  }

  private static void pack(Path directory, Path jar) throws IOException {
    try (Stream<Path> files = Files.walk(directory);
        OutputStream file = Files.newOutputStream(jar);
        var output = new JarOutputStream(file)) {
      for (Path path : files.filter(Files::isRegularFile).toList()) {
        output.putNextEntry(new JarEntry(directory.relativize(path).toString()));
        Files.copy(path, output);
      }
    }
  }

  @BeforeEach
  void prepare() throws IOException {
    base = work.resolve("node");
    for (String name : List.of("run", "db", "elsewhere")) {
      Files.createDirectories(base.resolve(name));
    }
    Files.writeString(base.resolve("nodes"), "127.9.3.1\n");
    Files.writeString(
        base.resolve("ctdb.conf"),
        """
        [logging]
        location = file:node/log
        [cluster]
        node address = 127.9.3.1
        [database]
        volatile database directory = node/db
        persistent database directory = node/db
        state database directory = node/db
        """);
  }

  @AfterEach
  void kill() throws Exception {
    if (Files.exists(base.resolve("run/ctdbd.pid"))) {
      ProcessHandle left = daemon();
      left.destroyForcibly();
      left.onExit().get(20, TimeUnit.SECONDS);
    }
  }

  /** JUnit warns of each link that leads out of the directory which it deletes. */
  @AfterEach
  void removeLinks() throws IOException {
    try (Stream<Path> files = Files.walk(work)) {
      for (Path link : files.filter(Files::isSymbolicLink).toList()) {
        Files.delete(link);
      }
    }
  }

  private Result run(String program, String... arguments) throws Exception {
    var command = new java.util.ArrayList<String>();
    command.add(program);
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).directory(work.toFile());
    builder.redirectInput(new File("/dev/null"));
    builder.environment().put("CTDB_TEST_MODE", "yes");
    builder.environment().put("CTDB_BASE", "node");
    builder.environment().put("CTDBJ_CACHE_DIR", work.resolve("cache").toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("CTDB_SOCKET");
    Process process = builder.start();
    // Reads to the end: a daemon that kept these pipes would make the test hang here.
    var errors = new java.util.concurrent.FutureTask<>(() -> text(process.getErrorStream()));
    Thread.ofVirtual().start(errors);
    String output = text(process.getInputStream());
    return new Result(process.waitFor(), output, errors.get());
  }

  private static String text(java.io.InputStream stream) {
    try {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String launcher(String name) {
    return distribution.resolve("bin").resolve(name).toString();
  }

  private ProcessHandle daemon() throws IOException {
    return ProcessHandle.of(Long.parseLong(Files.readString(base.resolve("run/ctdbd.pid")).strip()))
        .orElseThrow();
  }

  private void assertServes() throws IOException {
    try (var client =
        SocketChannel.open(UnixDomainSocketAddress.of(base.resolve("run/ctdbd.socket")))) {
      assertTrue(client.isConnected());
    }
  }

  private void terminate(ProcessHandle daemon) throws Exception {
    assertTrue(daemon.destroy()); // SIGTERM
    daemon.onExit().get(30, TimeUnit.SECONDS);
    assertFalse(Files.exists(base.resolve("run/ctdbd.pid")));
  }

  @Test
  void startsInTheBackgroundAndEndsWithSigterm() throws Exception {
    Path link = work.resolve("link");
    Files.createSymbolicLink(link, Path.of(launcher("ctdbj-daemon")));
    assertEquals(new Result(0, "", ""), run(link.toString()));
    assertServes();
    Result second = run(launcher("ctdbj-daemon"));
    assertEquals(StartFailure.PID_FILE, second.exitCode());
    assertTrue(second.errors().contains("another daemon runs"), second.errors());
    assertServes();
    terminate(daemon());
  }

  @Test
  void theNameOfTheProcessIsCtdbd() throws Exception {
    assertEquals(new Result(0, "", ""), run(launcher("ctdbd")));
    ProcessHandle first = daemon();
    assertEquals(
        "ctdbd",
        Files.readSymbolicLink(Path.of("/proc/" + first.pid() + "/exe")).getFileName().toString());
    String commandLine = Files.readString(Path.of("/proc/" + first.pid() + "/cmdline"));
    assertTrue(commandLine.contains(launcher("ctdbd")), commandLine);
    assertTrue(first.destroyForcibly());
    first.onExit().get(20, TimeUnit.SECONDS);
    assertEquals(new Result(0, "", ""), run(launcher("ctdbd")));
    assertServes();
    terminate(daemon());
  }

  @Test
  void failuresAreToldWithTheirReason() throws Exception {
    Files.writeString(base.resolve("nodes"), "127.9.3.2\n");
    Result failed = run(launcher("ctdbj-daemon"));
    assertEquals(1, failed.exitCode());
    assertTrue(failed.errors().contains("127.9.3.1 is not in the nodes file"), failed.errors());
    assertFalse(Files.exists(base.resolve("run/ctdbd.pid")));
    Result usage = run(launcher("ctdbj-daemon"), "-i", "extra");
    assertEquals(1, usage.exitCode());
    assertTrue(usage.errors().startsWith("Usage: ctdbd"), usage.errors());
    assertEquals(0, run(launcher("ctdbd"), "--help").exitCode());
  }
}
