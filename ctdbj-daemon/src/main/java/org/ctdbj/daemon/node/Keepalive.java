// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.packet.ReqKeepalive;
import org.ctdbj.recovery.door.Timers;

/**
 * Tells the other nodes that this one lives, and notices when one of them does not. Node thread
 * only.
 */
final class Keepalive {
  private final NodeCore node;
  private final int version;
  private final long startNanos;
  private Timers.Timer timer;

  Keepalive(NodeCore node, int version) {
    this.node = node;
    this.version = version;
    this.startNanos = node.timers().nowNanos();
  }

  void start() {
    // An interval of 0 would leave the node no time for anything else.
    long seconds = Math.max(1, Integer.toUnsignedLong(node.tunable(Tunable.KEEPALIVE_INTERVAL)));
    timer = node.timers().scheduleSeconds(seconds, this::tick);
  }

  void stop() {
    if (timer != null) {
      timer.cancel();
    }
  }

  private int uptimeSeconds() {
    return (int) ((node.timers().nowNanos() - startNanos) / 1_000_000_000L);
  }

  private void tick() {
    start();
    for (int pnn = 0; pnn < node.nodes().size(); pnn++) {
      NodeTable.Entry entry = node.nodes().find(pnn);
      if (pnn == node.pnn()) {
        continue;
      }
      int silent = node.nodes().silentIntervals(pnn);
      if (!entry.connected()) {
        continue;
      }
      if (Integer.compareUnsigned(silent, node.tunable(Tunable.KEEPALIVE_LIMIT)) >= 0) {
        node.log()
            .notice("node " + pnn + " has been silent for " + silent + " keepalive intervals");
        node.nodeDead(pnn);
        continue;
      }
      node.statistics().increment(Counter.KEEPALIVE_PACKETS_SENT);
      node.send(new ReqKeepalive(node.headerTo(pnn, 0), version, uptimeSeconds()));
    }
  }

  /**
   * Checks the version of a node that has shown that it lives. Of two nodes of different versions
   * the one that has been up for a shorter time stops, as in ctdbd.
   */
  void received(ReqKeepalive packet) {
    node.statistics().increment(Counter.KEEPALIVE_PACKETS_RECEIVED);
    if (node.tunable(Tunable.ALLOW_MIXED_VERSIONS) == 1 || packet.version() == version) {
      return;
    }
    int pnn = packet.header().source();
    if (packet.version() == 0) {
      node.shutdown(0, "node " + pnn + " sends keepalives without a version: too old to work with");
      return;
    }
    int byUptime = Integer.compareUnsigned(packet.uptimeSeconds(), uptimeSeconds());
    if (byUptime > 0 || (byUptime == 0 && Integer.compareUnsigned(packet.version(), version) > 0)) {
      node.shutdown(
          0,
          "node "
              + pnn
              + " runs version "
              + text(packet.version())
              + ", this one "
              + text(version)
              + ", and that one has been up for longer");
    }
  }

  private static String text(int version) {
    return (version >>> 16) + "." + (version & 0xFFFF);
  }
}
