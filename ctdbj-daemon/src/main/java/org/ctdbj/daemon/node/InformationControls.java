// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.EchoData;
import org.ctdbj.protocol.body.TimeVal;
import org.ctdbj.protocol.body.TunableName;
import org.ctdbj.protocol.body.TunableNames;
import org.ctdbj.protocol.body.TunableSetting;
import org.ctdbj.protocol.body.Uptime;

/**
 * Controls that tell about the node, and those that set its tunables and log level. Node thread
 * only.
 */
final class InformationControls {
  /** Status of SET_TUNABLE for a tunable without effect. */
  private static final int OBSOLETE = 1;

  /** Status of GET_TUNABLE for an unknown name: -EINVAL. */
  private static final int UNKNOWN = -22;

  private final NodeCore node;
  private final NodeModes modes;
  private final Host host;

  InformationControls(NodeCore node, NodeModes modes, Host host) {
    this.node = node;
    this.modes = modes;
    this.host = host;
  }

  void register(ControlTable controls) {
    controls.register(Control.PING, request -> request.reply(node.clientCount()));
    controls.register(Control.GET_PNN, request -> request.reply(node.pnn()));
    controls.register(Control.GET_PID, request -> request.reply(host.pid()));
    controls.register(Control.UPTIME, this::uptime);
    controls.register(Control.GET_DEBUG, request -> request.reply(Bytes.ofInt(host.debugLevel())));
    controls.register(
        Control.SET_DEBUG,
        request -> {
          host.setDebugLevel(request.data().getInt(0));
          request.reply(0);
        });
    controls.register(Control.STATISTICS, request -> request.reply(node.statisticsBody()));
    controls.register(
        Control.GET_STAT_HISTORY, request -> request.reply(node.counters().encodeHistory()));
    controls.register(
        Control.STATISTICS_RESET,
        request -> {
          node.counters().reset(node.timers().wallClockMicros());
          modes.databases().resetStatistics();
          request.reply(0);
        });
    controls.register(
        Control.DUMP_MEMORY, request -> request.reply(Bytes.ofText(host.memoryReport())));
    controls.register(
        Control.ECHO_DATA, request -> request.reply(EchoData.decode(request.data()).encode()));
    controls.register(Control.RECD_PING, request -> request.reply(0));
    controls.register(
        Control.RECD_RECLOCK_LATENCY,
        request -> {
          double seconds = Double.longBitsToDouble(request.data().getLong(0));
          node.statistics().latency(NodeStatistics.LatencyKind.RECLOCK_RECD, seconds);
          request.reply(0);
        });
    controls.register(Control.GET_ALL_TUNABLES, request -> request.reply(node.tunables().encode()));
    Bytes names = TunableNames.all().encode();
    controls.register(Control.LIST_TUNABLES, request -> request.reply(names));
    controls.register(Control.GET_TUNABLE, this::getTunable);
    controls.register(Control.SET_TUNABLE, this::setTunable);
  }

  private void uptime(ControlRequest request) {
    request.reply(
        new Uptime(
                TimeVal.ofMicros(node.timers().wallClockMicros()),
                modes.started(),
                modes.recoveryStarted(),
                modes.recoveryFinished())
            .encode());
  }

  private void getTunable(ControlRequest request) {
    Tunable tunable = Tunable.byName(TunableName.decode(request.data()).name());
    if (tunable == null) {
      request.reply(UNKNOWN);
    } else {
      request.reply(Bytes.ofInt(node.tunable(tunable)));
    }
  }

  private void setTunable(ControlRequest request) {
    TunableSetting setting = TunableSetting.decode(request.data());
    Tunable tunable = Tunable.byName(setting.name());
    if (tunable == null) {
      node.log().warning("SET_TUNABLE: there is no tunable \"" + setting.name() + "\"");
      request.reply(-1);
      return;
    }
    node.setTunable(tunable, setting.value());
    request.reply(tunable.obsolete() ? OBSOLETE : 0);
  }
}
