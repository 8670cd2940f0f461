// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
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

  private long nowNanos;

  private String ticked(Progress progress, StringWriter to, long seconds) {
    to.getBuffer().setLength(0);
    nowNanos = TimeUnit.SECONDS.toNanos(seconds);
    progress.tick();
    return to.toString();
  }

  @Test
  void lines() {
    var err = new StringWriter();
    nowNanos = 0;
    try (var progress = new Progress("reading x", new PrintWriter(err), () -> nowNanos)) {
      nowNanos = 999_999_999;
      progress.tick();
      assertEquals("", err.toString());
      assertEquals("\r\u001b[Kreading x: 1 s", ticked(progress, err, 1));
      progress.records(1234567);
      assertEquals("\r\u001b[Kreading x: 1,234,567 records, 61 s", ticked(progress, err, 61));
      progress.done(0, 300);
      assertEquals("\r\u001b[Kreading x: 0 %, 1,234,567 records, 62 s", ticked(progress, err, 62));
      progress.done(299, 300);
      assertEquals("\r\u001b[Kreading x: 99 %, 1,234,567 records, 63 s", ticked(progress, err, 63));
      progress.step("checking y");
      assertEquals("\r\u001b[Kchecking y: 64 s", ticked(progress, err, 64));
      progress.done(300, 300);
      assertEquals("\r\u001b[Kchecking y: 100 %, 65 s", ticked(progress, err, 65));
      progress.done(301, 300);
      assertEquals("\r\u001b[Kchecking y: 100 %, 66 s", ticked(progress, err, 66));
      progress.done(Long.MAX_VALUE / 2, Long.MAX_VALUE);
      assertEquals("\r\u001b[Kchecking y: 50 %, 67 s", ticked(progress, err, 67));
      err.getBuffer().setLength(0);
    }
    assertEquals("\r\u001b[K", err.toString(), "the line is wiped");
  }

  @Test
  void shortWorkLeavesNothing() {
    var err = new StringWriter();
    nowNanos = 0;
    try (var progress = new Progress("reading x", new PrintWriter(err), () -> nowNanos)) {
      progress.done(1, 2);
      progress.tick();
    }
    assertEquals("", err.toString());
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
            () -> 0,
            OutputStream.nullOutputStream(),
            () -> false,
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
