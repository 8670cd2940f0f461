// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.recovery.door.Timers;

/**
 * Calls of nodes that arrive while a REQ_DMASTER or REPLY_DMASTER for the same key waits for the
 * chain lock. They wait behind it: it may make this node data master, and to redirect them before
 * would send them in circles.
 */
final class DmasterQueue {
  private final Timers timers;
  private final Map<RecordKey, Waiting> waiting = new HashMap<>();

  private static final class Waiting {
    int packets;
    final List<Runnable> calls = new ArrayList<>();
  }

  DmasterQueue(Timers timers) {
    this.timers = timers;
  }

  /** A DMASTER packet begins to wait. */
  void begin(RecordKey key) {
    waiting.computeIfAbsent(key, _ -> new Waiting()).packets++;
  }

  /** It has been handled or dropped: the calls behind the last one are handled in their order. */
  void end(RecordKey key) {
    Waiting queue = waiting.get(key);
    if (--queue.packets == 0) {
      waiting.remove(key);
      queue.calls.forEach(call -> timers.schedule(0, call));
    }
  }

  /** Whether a DMASTER packet for the key waits. */
  boolean waits(RecordKey key) {
    return waiting.containsKey(key);
  }

  /** Puts a call behind it; false if there is none. */
  boolean append(RecordKey key, Runnable rerun) {
    Waiting queue = waiting.get(key);
    if (queue == null) {
      return false;
    }
    queue.calls.add(rerun);
    return true;
  }
}
