// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Tunable;

/**
 * Records for which nodes compete so much that calls travel many hops. Such a record is sticky for
 * StickyDuration seconds: each time it arrives, it is pinned to this node for StickyPindown
 * milliseconds, in which local clients may use it and calls of other nodes wait.
 */
final class StickyRecords {
  private final RecordAccess access;
  private final Map<RecordKey, Sticky> sticky = new HashMap<>();

  private static final class Sticky {
    /** Calls that wait for the end of the pin; null: not pinned. */
    List<Runnable> parked;
  }

  StickyRecords(RecordAccess access) {
    this.access = access;
  }

  /** A call has needed so many hops to get here. */
  void arrivedAfter(RecordKey key, int hopCount) {
    int limit = access.node.tunable(Tunable.HOPCOUNT_MAKE_STICKY);
    if (!access.isSticky()
        || Integer.compareUnsigned(hopCount, limit) < 0
        || sticky.containsKey(key)) {
      return;
    }
    var entry = new Sticky();
    sticky.put(key, entry);
    access
        .node
        .timers()
        .scheduleSeconds(
            access.node.tunable(Tunable.STICKY_DURATION),
            () -> {
              sticky.remove(key, entry);
              unpin(entry);
            });
  }

  /** This node has become data master of the key. */
  void arrived(RecordKey key) {
    Sticky entry = sticky.get(key);
    if (entry != null && entry.parked == null) {
      entry.parked = new ArrayList<>();
      access
          .node
          .timers()
          .scheduleMillis(access.node.tunable(Tunable.STICKY_PINDOWN), () -> unpin(entry));
    }
  }

  /** Keeps the call of a node if the key is pinned; false if it is not. */
  boolean park(RecordKey key, Runnable rerun) {
    Sticky entry = sticky.get(key);
    if (entry == null || entry.parked == null) {
      return false;
    }
    entry.parked.add(rerun);
    return true;
  }

  private void unpin(Sticky entry) {
    if (entry.parked == null) {
      return;
    }
    var calls = entry.parked;
    entry.parked = null;
    calls.forEach(call -> access.node.timers().schedule(0, call));
  }
}
