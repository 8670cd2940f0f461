// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.recovery.door.Timers;

/**
 * At most one call for a key is under way from this node (tunable FetchCollapse); calls of other
 * clients for that key wait until it has ended, or 30 s as in ctdbd 4.17, and are then handled anew
 * in their order. Their number is bounded by the requests that local clients have open: smbd has
 * one per process.
 */
final class FetchCollapse {
  static final int LIMIT_SECONDS = 30;

  private final RecordAccess access;
  private final Map<RecordKey, InFlight> inFlight = new HashMap<>();

  private static final class InFlight {
    final PendingCall first;
    final List<Runnable> others = new ArrayList<>();
    Timers.Timer limit;

    InFlight(PendingCall first) {
      this.first = first;
    }
  }

  FetchCollapse(RecordAccess access) {
    this.access = access;
  }

  private boolean enabled() {
    return access.node.tunable(Tunable.FETCH_COLLAPSE) == 1;
  }

  /** Puts a call behind the one that is under way for its key; false if there is none. */
  boolean append(RecordKey key, Runnable rerun) {
    InFlight flight = enabled() ? inFlight.get(key) : null;
    if (flight == null) {
      return false;
    }
    flight.others.add(rerun);
    return true;
  }

  /** The call has been sent; later ones for its key wait for it. */
  void begin(PendingCall call) {
    if (!enabled() || inFlight.containsKey(call.key)) {
      return;
    }
    var flight = new InFlight(call);
    inFlight.put(call.key, flight);
    flight.limit = access.node.timers().scheduleSeconds(LIMIT_SECONDS, () -> end(call));
  }

  /** The call has ended; nothing happens if it is not the one that others wait for. */
  void end(PendingCall call) {
    InFlight flight = inFlight.get(call.key);
    if (flight == null || flight.first != call) {
      return;
    }
    inFlight.remove(call.key);
    flight.limit.cancel();
    for (Runnable other : flight.others) {
      access.node.timers().schedule(0, other);
    }
  }
}
