// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.ctdbj.recovery.door.EventLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RecoveryRehearsalTest {
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private final EventLog log =
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

  @TempDir Path base;

  @Test
  void leavesNothingBehind() throws Exception {
    Path directory = base.resolve("rehearsal");
    Files.createDirectory(directory);
    Files.writeString(directory.resolve("rehearsal.tdb.0"), "left by one that was killed");
    var rehearsal = new RecoveryRehearsal(directory, log);
    rehearsal.start();
    assertTrue(rehearsal.ended().get(), lines::toString);
    assertFalse(Files.exists(directory));
    assertEquals(1, lines.size(), lines::toString);
  }

  @Test
  void canBeStopped() throws Exception {
    Path directory = base.resolve("rehearsal");
    var rehearsal = new RecoveryRehearsal(directory, log);
    rehearsal.start();
    rehearsal.stop();
    assertFalse(rehearsal.ended().get(), lines::toString);
    assertFalse(Files.exists(directory));
  }

  @Test
  void withoutItsDirectoryItDoesNotBegin() throws Exception {
    var rehearsal = new RecoveryRehearsal(base.resolve("missing/rehearsal"), log);
    rehearsal.start();
    assertFalse(rehearsal.ended().get());
    assertTrue(lines.getFirst().contains("does not begin"), lines::toString);
  }
}
