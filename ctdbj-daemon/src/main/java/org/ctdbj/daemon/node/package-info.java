// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The control plane of one node: who is in the cluster, who is connected, what clients want, where
 * controls and messages go. Single-threaded; reaches sockets through the interfaces {@link
 * org.ctdbj.daemon.node.NodeNetwork} and {@link org.ctdbj.daemon.node.ClientPort}.
 */
package org.ctdbj.daemon.node;
