// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.util.Map;
import java.util.function.IntConsumer;
import org.ctdbj.daemon.config.DaemonConfiguration;
import org.ctdbj.daemon.config.NodesFile;
import org.ctdbj.daemon.log.DaemonLog;
import org.ctdbj.daemon.net.NodeLinks;
import org.ctdbj.daemon.net.NodeLoop;
import org.ctdbj.protocol.Tunable;

/**
 * What the process gives to the cores of its node.
 *
 * @param configuration ctdb.conf
 * @param nodes the nodes file at the start
 * @param pnn the own number
 * @param tunables those set in the tunables file, as unsigned 32-bit numbers
 * @param environment the process's
 * @param loop node thread, timers, and the way there from other threads
 * @param links the network; followed with {@link NodeLinks#reload} when the nodes file is read
 *     again
 * @param clusterLock the cluster lock
 * @param log the log; SET_DEBUG changes its level
 * @param shutdown ends the daemon with an exit code; returns at once; for the SHUTDOWN control and
 *     for a node that decides to end. The connections of clients are closed as the last thing
 */
public record NodeParts(
    DaemonConfiguration configuration,
    NodesFile nodes,
    int pnn,
    Map<Tunable, Integer> tunables,
    Map<String, String> environment,
    NodeLoop loop,
    NodeLinks links,
    NodeClusterLock clusterLock,
    DaemonLog log,
    IntConsumer shutdown) {}
