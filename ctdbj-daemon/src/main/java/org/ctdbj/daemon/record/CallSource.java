// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.ctdbj.protocol.Bytes;

/**
 * Who waits for the answers to calls: a local client, or a vacuuming run. Packets that are parked
 * hold their source and are dropped when it has ended, so that an id which is given to a new client
 * never brings it an old client's answers.
 */
abstract class CallSource {
  private final Set<PendingCall> calls = new LinkedHashSet<>();
  private boolean ended;

  /** Answers one call. The record's chain is not locked by this node. */
  abstract void reply(int reqid, int status, Bytes data);

  /** Whether anybody still waits for answers. */
  final boolean alive() {
    return !ended;
  }

  /**
   * From now on nothing is answered; returns the calls that are under way, for the caller to drop.
   */
  final List<PendingCall> end() {
    ended = true;
    var left = new ArrayList<>(calls);
    calls.clear();
    return left;
  }

  final void add(PendingCall call) {
    calls.add(call);
  }

  final void remove(PendingCall call) {
    calls.remove(call);
  }
}
