// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.io.IOException;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.BanState;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.recovery.door.Timers;

/**
 * Controls that look at or change which nodes there are and what state they are in. Node thread
 * only.
 */
final class NodeControls {
  private final NodeCore node;
  private final NodeModes modes;
  private final Host host;
  private Timers.Timer banTimer;
  private int banSeconds;

  NodeControls(NodeCore node, NodeModes modes, Host host) {
    this.node = node;
    this.modes = modes;
    this.host = host;
  }

  void register(ControlTable controls) {
    controls.register(Control.GET_NODEMAP, request -> request.reply(node.nodes().map().encode()));
    controls.register(Control.GET_NODES_FILE, this::getNodesFile);
    controls.register(Control.RELOAD_NODES_FILE, this::reloadNodesFile);
    controls.register(Control.MODIFY_FLAGS, this::modifyFlags);
    controls.register(Control.STOP_NODE, this::stop);
    controls.register(
        Control.CONTINUE_NODE, request -> changeOwn(request, NodeFlags.STOPPED, false));
    controls.register(
        Control.DISABLE_NODE, request -> changeOwn(request, NodeFlags.PERMANENTLY_DISABLED, true));
    controls.register(
        Control.ENABLE_NODE, request -> changeOwn(request, NodeFlags.PERMANENTLY_DISABLED, false));
    controls.register(Control.SET_BAN_STATE, this::setBanState);
    controls.register(Control.GET_BAN_STATE, this::getBanState);
    controls.register(Control.STARTUP, request -> request.reply(0));
    controls.register(
        Control.SHUTDOWN,
        request -> {
          node.shutdown(0, "asked to by a SHUTDOWN control");
          request.reply(0);
        });
  }

  private void getNodesFile(ControlRequest request) {
    try {
      request.reply(new NodeMap(host.readNodes()).encode());
    } catch (IOException e) {
      node.log().error(e.getMessage());
      request.fail(e.getMessage());
    }
  }

  private void reloadNodesFile(ControlRequest request) {
    try {
      List<NodeMap.Node> nodes = host.readNodes();
      String refusal = node.nodes().refusal(nodes);
      if (refusal != null) {
        node.log().error(refusal);
        request.fail(refusal);
        return;
      }
      node.reloadNodes(nodes);
      host.nodesChanged(nodes);
      node.message(node.pnn(), Srvid.RELOAD_NODES, Bytes.EMPTY);
      request.reply(0);
    } catch (IOException e) {
      node.log().error(e.getMessage());
      request.fail(e.getMessage());
    }
  }

  /**
   * The leader's word on another node; each node is its own authority, and the connection is
   * everyone's own matter.
   */
  private void modifyFlags(ControlRequest request) {
    NodeFlagChange change = NodeFlagChange.decode(request.data());
    NodeTable.Entry entry = node.nodes().find(change.pnn());
    if (entry == null) {
      request.reply(-1);
      return;
    }
    if (change.pnn() != node.pnn() && !entry.has(NodeFlags.DISCONNECTED)) {
      int before = entry.flags();
      int now = change.newFlags() & ~NodeFlags.DISCONNECTED;
      entry.setFlags(now);
      if (now != before) {
        node.log()
            .info(String.format("flags of node %d: 0x%x, were 0x%x", change.pnn(), now, before));
        if (now == 0 && modes.runstate().number() <= Runstate.STARTUP.number()) {
          node.forceRecovery("node " + change.pnn() + " has become healthy while this node starts");
        }
      }
    }
    request.reply(0);
  }

  private void stop(ControlRequest request) {
    node.log().notice("Stopping node");
    boolean already = node.nodes().own().has(NodeFlags.STOPPED);
    changeOwn(request, NodeFlags.STOPPED, true);
    if (!already) {
      modes.becomeInactive();
    }
  }

  private void changeOwn(ControlRequest request, int flag, boolean on) {
    NodeTable.Entry own = node.nodes().own();
    own.setFlags(on ? own.flags() | flag : own.flags() & ~flag);
    request.reply(0);
  }

  private void setBanState(ControlRequest request) {
    BanState wanted = BanState.decode(request.data());
    if (wanted.pnn() != node.pnn()) {
      node.log()
          .warning("SET_BAN_STATE for node " + Pnn.toString(wanted.pnn()) + " came to this one");
      request.reply(-1);
      return;
    }
    if (wanted.seconds() == 0) {
      unban();
    } else if (node.tunable(Tunable.ENABLE_BANS) == 0) {
      node.log().warning("Bans are disabled - ignoring");
    } else {
      ban(wanted.seconds());
    }
    request.reply(0);
  }

  /** Takes this node out for the usual time, for a reason that it knows itself. */
  void banSelf() {
    ban(node.tunable(Tunable.RECOVERY_BAN_PERIOD));
  }

  private void ban(int seconds) {
    NodeTable.Entry own = node.nodes().own();
    boolean already = own.has(NodeFlags.BANNED);
    if (banTimer != null) {
      banTimer.cancel();
    }
    banSeconds = seconds;
    banTimer = node.timers().scheduleSeconds(Integer.toUnsignedLong(seconds), this::banIsOver);
    if (!already) {
      node.log().notice("Banning this node for " + Integer.toUnsignedString(seconds) + " seconds");
      own.setFlags(own.flags() | NodeFlags.BANNED);
      modes.becomeInactive();
    }
  }

  /** A node whose databases could not be locked all that time would do the same harm again. */
  private void banIsOver() {
    banTimer = null;
    if (modes.frozen()) {
      unban();
    } else {
      node.log().error("The databases are not frozen at the end of the ban: banned again");
      NodeTable.Entry own = node.nodes().own();
      own.setFlags(own.flags() & ~NodeFlags.BANNED);
      ban(node.tunable(Tunable.RECOVERY_BAN_PERIOD));
    }
  }

  private void unban() {
    if (banTimer != null) {
      banTimer.cancel();
      banTimer = null;
    }
    banSeconds = 0;
    NodeTable.Entry own = node.nodes().own();
    if (own.has(NodeFlags.BANNED)) {
      node.log().notice("Unbanning this node");
      own.setFlags(own.flags() & ~NodeFlags.BANNED);
    }
  }

  private void getBanState(ControlRequest request) {
    request.reply(new BanState(node.pnn(), banSeconds).encode());
  }
}
