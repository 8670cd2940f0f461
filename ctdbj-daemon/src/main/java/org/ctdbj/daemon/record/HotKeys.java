// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.body.DatabaseStatistics;
import org.ctdbj.protocol.body.DatabaseStatistics.HotKey;
import org.ctdbj.recovery.door.Timers;

/**
 * The keys that migrated to this node most often within one second: the ten highest counts since
 * the last reset, as in the database statistics of ctdbd 4.17.
 */
final class HotKeys {
  private static final int SLOTS = DatabaseStatistics.HOT_KEYS;
  private static final long WINDOW_NANOS = 1_000_000_000L;
  private static final long PURGE_NANOS = 10 * WINDOW_NANOS;

  private final Timers timers;
  private final Map<RecordKey, Window> windows = new HashMap<>();
  private final List<HotKey> hottest = new ArrayList<>();
  private long lastPurgeNanos;

  private static final class Window {
    long startNanos;
    int count;
  }

  HotKeys(Timers timers) {
    this.timers = timers;
    this.lastPurgeNanos = timers.nowNanos();
  }

  /** The key has migrated to this node. */
  void migrated(RecordKey key) {
    long now = timers.nowNanos();
    if (now - lastPurgeNanos >= PURGE_NANOS) {
      windows.values().removeIf(window -> now - window.startNanos > WINDOW_NANOS);
      lastPurgeNanos = now;
    }
    Window window = windows.computeIfAbsent(key, _ -> new Window());
    if (window.count == 0 || now - window.startNanos > WINDOW_NANOS) {
      window.startNanos = now;
      window.count = 0;
    }
    window.count++;
    rank(key, window.count);
  }

  private void rank(RecordKey key, int count) {
    boolean full = hottest.size() == SLOTS;
    if (full && count <= hottest.getFirst().count()) {
      return;
    }
    int slot = -1;
    for (int i = 0; i < hottest.size(); i++) {
      if (hottest.get(i).key().equals(key.bytes())) {
        slot = i;
      }
    }
    if (slot >= 0) {
      if (count <= hottest.get(slot).count()) {
        return;
      }
      hottest.remove(slot);
    } else if (full) {
      hottest.removeFirst();
    }
    hottest.add(new HotKey(count, key.bytes()));
    hottest.sort(Comparator.comparingInt(HotKey::count));
  }

  /** At most ten keys, ascending by count. */
  List<HotKey> hottest() {
    return List.copyOf(hottest);
  }

  void reset() {
    hottest.clear();
  }
}
