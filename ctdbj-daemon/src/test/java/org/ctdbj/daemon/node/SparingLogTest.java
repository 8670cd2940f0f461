// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.recovery.door.EventLog;
import org.junit.jupiter.api.Test;

class SparingLogTest {
  private final List<String> lines = new ArrayList<>();
  private long nowNanos = Long.MAX_VALUE - 5;

  private final EventLog target =
      new EventLog() {
        @Override
        public boolean enabled(Level level) {
          return level != Level.DEBUG;
        }

        @Override
        public void log(Level level, String text) {
          lines.add(text);
        }
      };

  @Test
  void linesOfAFloodAreLeftOutAndCounted() {
    var log = new SparingLog(target, () -> nowNanos, "tests");
    log.debug(() -> "goes nowhere and does not count");
    for (int i = 0; i < SparingLog.LINES + 30; i++) {
      log.error("line " + i);
    }
    assertEquals(SparingLog.LINES + 1, lines.size());
    assertEquals("line " + (SparingLog.LINES - 1), lines.get(SparingLog.LINES - 1));
    assertEquals(
        "more lines about tests are left out: 20 in 10 seconds are enough", lines.getLast());
    nowNanos += SparingLog.WINDOW_SECONDS * 1_000_000_000L;
    log.error("again");
    assertEquals("30 lines about tests were left out", lines.get(SparingLog.LINES + 1));
    assertEquals("again", lines.getLast());
  }
}
