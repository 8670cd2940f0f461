// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.ctdbj.recovery.door.EventLog;

/** Keeps the lines. */
final class RecordingLog implements EventLog {
  final List<String> lines = new CopyOnWriteArrayList<>();

  @Override
  public boolean enabled(Level level) {
    return true;
  }

  @Override
  public void log(Level level, String text) {
    lines.add(text);
  }

  boolean contains(String part) {
    return lines.stream().anyMatch(line -> line.contains(part));
  }
}
