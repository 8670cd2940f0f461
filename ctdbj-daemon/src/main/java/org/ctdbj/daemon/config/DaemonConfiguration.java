// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code ctdb.conf} says, defaults filled in. All paths are absolute.
 *
 * @param paths where the node's files are
 * @param logLocation backend and option, as {@link org.ctdbj.daemon.log.LogLocation} reads it
 * @param debugLevel 0 to 10, see {@link DebugLevel}
 * @param nodeAddress numeric address of this node; empty if it is to be found out by binding
 * @param clusterLock as written, because the nodes compare it with each other: a path, or {@code !}
 *     and a command
 * @param leaderTimeoutSeconds silence of the leader after which it is taken for gone; above 0
 * @param leaderCapability whether this node may lead
 * @param volatileDirectory home of the volatile databases
 * @param persistentDirectory home of the persistent databases
 * @param stateDirectory home of the daemon's own state
 * @param lockDebugScript program to run when a lock cannot be had for long
 * @param tdbMutexes whether volatile databases use mutexes instead of byte-range locks
 * @param eventDebugScript program to run when an event script hangs
 * @param failoverDisabled whether public addresses are left alone
 * @param realtimeScheduling whether the node thread asks for real-time priority
 * @param lmasterCapability whether this node may be location master of records
 * @param startAsStopped whether the node starts STOPPED
 * @param startAsDisabled whether the node starts PERMANENTLY_DISABLED
 * @param scriptDebugLevel level at which output of programs that the daemon starts is logged
 */
public record DaemonConfiguration(
    NodePaths paths,
    String logLocation,
    int debugLevel,
    Optional<String> nodeAddress,
    Optional<String> clusterLock,
    int leaderTimeoutSeconds,
    boolean leaderCapability,
    Path volatileDirectory,
    Path persistentDirectory,
    Path stateDirectory,
    Optional<Path> lockDebugScript,
    boolean tdbMutexes,
    Optional<Path> eventDebugScript,
    boolean failoverDisabled,
    boolean realtimeScheduling,
    boolean lmasterCapability,
    boolean startAsStopped,
    boolean startAsDisabled,
    int scriptDebugLevel) {}
