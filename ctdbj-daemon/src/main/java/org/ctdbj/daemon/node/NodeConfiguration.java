// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.List;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.NodeMap;

/**
 * What the control plane is told at the start.
 *
 * @param pnn the own node number
 * @param nodes all nodes in the order of their numbers; flags are 0 or DELETED
 * @param capabilities {@link org.ctdbj.protocol.Capabilities}
 * @param startStopped whether the own node starts as stopped
 * @param startDisabled whether the own node starts as disabled
 * @param clusterLock the setting "cluster lock"; empty for none
 * @param tunables values from ctdb.tunables
 * @param fastStart test mode: no waiting before the startup event
 * @param keepaliveVersion Samba's version in keepalives, {@link
 *     org.ctdbj.protocol.ProtocolVersion#SAMBA_4_17}
 */
public record NodeConfiguration(
    int pnn,
    List<NodeMap.Node> nodes,
    int capabilities,
    boolean startStopped,
    boolean startDisabled,
    String clusterLock,
    TunableValues tunables,
    boolean fastStart,
    int keepaliveVersion) {
  /** Keeps its own copy of the list. */
  public NodeConfiguration {
    nodes = List.copyOf(nodes);
  }
}
