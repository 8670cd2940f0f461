// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.ctdbj.recovery.door.EventLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonLogTest {
  @TempDir Path directory;

  private DaemonLog open(Path file, int level) throws Exception {
    return DaemonLog.open(LogLocation.parse("file:" + file, directory), "host", level);
  }

  @Test
  void linesHaveTheFormOfCtdbd() throws Exception {
    Path file = directory.resolve("log");
    try (DaemonLog log = open(file, 3)) {
      log.program("ctdb-recoverd").notice("first {} line");
      log.program("ctdbd").error("two\nlines\u001b");
      log.program("ctdbd").info("below the level");
    }
    String pid = "[" + ProcessHandle.current().pid() + "]: ";
    List<String> lines = Files.readAllLines(file);
    assertEquals(
        List.of(
            "host ctdb-recoverd" + pid + "first {} line",
            "host ctdbd" + pid + "two",
            "host ctdbd" + pid + "  lines?"),
        lines.stream().map(line -> line.substring(line.indexOf(' ') + 1)).toList());
    for (String line : lines) {
      assertTrue(
          line.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}[+-]\\d\\d:\\d\\d .*"),
          line);
    }
  }

  @Test
  void levelChangesAtRunTime() throws Exception {
    Path file = directory.resolve("log");
    try (DaemonLog log = open(file, 0)) {
      EventLog ctdbd = log.program("ctdbd");
      assertFalse(ctdbd.enabled(EventLog.Level.WARNING));
      ctdbd.warning("no");
      log.setDebugLevel(10);
      assertEquals(10, log.debugLevel());
      ctdbd.debug(() -> "yes");
      log.setDebugLevel(99);
      assertEquals(10, log.debugLevel());
    }
    assertTrue(Files.readString(file).endsWith(": yes\n"));
    assertEquals(1, Files.readAllLines(file).size());
  }

  @Test
  void reopenFollowsARotation() throws Exception {
    Path file = directory.resolve("log");
    try (DaemonLog log = open(file, 3)) {
      log.program("ctdbd").notice("before");
      log.flushed().get(10, TimeUnit.SECONDS);
      Files.move(file, directory.resolve("log.1"));
      log.reopen();
      log.program("ctdbd").notice("after");
      log.flushed().get(10, TimeUnit.SECONDS);
      assertTrue(Files.readString(directory.resolve("log.1")).endsWith(": before\n"));
      assertTrue(Files.readString(file).endsWith(": after\n"));
    }
  }

  @Test
  void aFullRingDropsAndSaysSo() throws Exception {
    var entered = new CountDownLatch(1);
    var gate = new CountDownLatch(1);
    List<String> written = Collections.synchronizedList(new ArrayList<>());
    var slow =
        new AppenderBase<ILoggingEvent>() {
          @Override
          protected void append(ILoggingEvent event) {
            entered.countDown();
            try {
              gate.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            written.add(event.getFormattedMessage());
          }
        };
    slow.setContext(new LoggerContext());
    slow.start();
    int lines = 20_000;
    try (DaemonLog log = DaemonLog.on(slow, 3)) {
      EventLog ctdbd = log.program("ctdbd");
      ctdbd.notice("0");
      assertTrue(entered.await(10, TimeUnit.SECONDS));
      for (int i = 1; i < lines; i++) {
        ctdbd.notice(Integer.toString(i)); // must return although nothing is written
      }
      gate.countDown();
      log.flushed().get(10, TimeUnit.SECONDS);
    }
    List<String> reports = written.stream().filter(line -> line.endsWith("fast enough")).toList();
    int dropped =
        reports.stream()
            .mapToInt(line -> Integer.parseInt(line.substring(0, line.indexOf(' '))))
            .sum();
    assertTrue(dropped > 0);
    assertEquals(lines, written.size() - reports.size() + dropped);
  }

  @Test
  void syslogFormats() {
    var format = new LineFormat("host", 42, ZoneOffset.UTC);
    var context = new LoggerContext();
    var event = new LoggingEvent("x", context.getLogger("ctdbd"), Level.INFO, "text", null, null);
    event.setInstant(Instant.parse("2026-11-03T17:17:46.687651Z"));
    assertEquals(
        "<29>ctdbd[42]: text",
        new SyslogAppender(format, LogLocation.Kind.SYSLOG_UDP).message(event, "text"));
    assertEquals(
        "<29>1 2026-11-03T17:17:46.687651+00:00 host ctdbd 42 - - text",
        new SyslogAppender(format, LogLocation.Kind.SYSLOG_UDP_RFC5424).message(event, "text"));
  }
}
