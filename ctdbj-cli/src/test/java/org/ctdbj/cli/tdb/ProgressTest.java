// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.ctdbj.cli.Ctdbj;
import org.ctdbj.cli.Streams;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a terminal sees of long work. */
class ProgressTest {
  @TempDir private Path directory;

  @Test
  void lines() {
    assertEquals("reading x: 3 s", Progress.line("reading x", 0, 3));
    assertEquals("reading x: 1,234,567 records, 61 s", Progress.line("reading x", 1234567, 61));
  }

  /** Somebody who waits for a lock sees for which one, and the line is wiped when it has come. */
  @Test
  @Timeout(60)
  void waitingForALockIsShownOnATerminalOnly() throws Exception {
    Path file = SampleFiles.create(directory.resolve("a.tdb"), Set.of());
    var shown = new CountDownLatch(1);
    var bytes = new ByteArrayOutputStream();
    var terminal =
        new OutputStream() {
          @Override
          public synchronized void write(int b) {
            bytes.write(b);
            if (b == 's' && bytes.toString(StandardCharsets.UTF_8).endsWith(" s")) {
              shown.countDown();
            }
          }
        };
    var streams =
        new Streams(
            InputStream.nullInputStream(),
            OutputStream.nullOutputStream(),
            new PrintWriter(terminal, true, StandardCharsets.UTF_8),
            () -> true);
    try (var other = Tdb.open(file, TdbOptions.defaults())) {
      byte[] key = SampleFiles.bytes("k");
      other.lockChain(key);
      var exit = new int[] {-1};
      Thread command =
          Thread.ofPlatform()
              .start(
                  () ->
                      exit[0] =
                          Ctdbj.commandLine(streams)
                              .execute("tdb", "put", file.toString(), "k", "v"));
      assertTrue(shown.await(30, TimeUnit.SECONDS), "nothing is shown");
      other.unlockChain(key);
      command.join();
      assertEquals(0, exit[0]);
    }
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertTrue(text.startsWith("\r\u001b[Kwaiting for the lock of \"k\": 1 s"), text);
    assertTrue(text.endsWith("\r\u001b[K"), text);
  }

  @Test
  void standardErrorOfATestIsNoTerminal() throws Exception {
    var process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.ctdbj.cli.Ctdbj",
                "tdb",
                "info",
                SampleFiles.create(directory.resolve("a.tdb"), Set.of()).toString())
            .redirectError(directory.resolve("err").toFile())
            .redirectOutput(directory.resolve("out").toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue());
    assertEquals("", java.nio.file.Files.readString(directory.resolve("err")));
    assertTrue(
        java.nio.file.Files.readString(directory.resolve("out")).contains("live records:    60"));
  }
}
