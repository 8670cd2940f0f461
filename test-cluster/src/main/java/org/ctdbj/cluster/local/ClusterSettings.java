// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.local;

import java.util.Map;

/**
 * What all nodes of a local cluster have in common.
 *
 * @param clusterLock whether there is a cluster lock (a file in the cluster's directory)
 * @param mutexes whether volatile databases use mutexes
 * @param logLevel of the daemons
 * @param tunables names and values for ctdb.tunables
 */
public record ClusterSettings(
    boolean clusterLock, boolean mutexes, String logLevel, Map<String, Integer> tunables) {
  /** A cluster lock, mutexes, level NOTICE, default tunables. */
  public static ClusterSettings usual() {
    return new ClusterSettings(true, true, "NOTICE", Map.of());
  }

  /** These settings with or without mutexes. */
  public ClusterSettings withMutexes(boolean use) {
    return new ClusterSettings(clusterLock, use, logLevel, tunables);
  }

  /** These settings with or without a cluster lock. */
  public ClusterSettings withClusterLock(boolean use) {
    return new ClusterSettings(use, mutexes, logLevel, tunables);
  }

  /** These settings with other tunables. */
  public ClusterSettings withTunables(Map<String, Integer> values) {
    return new ClusterSettings(clusterLock, mutexes, logLevel, Map.copyOf(values));
  }

  /** These settings with another log level. */
  public ClusterSettings withLogLevel(String level) {
    return new ClusterSettings(clusterLock, mutexes, level, tunables);
  }
}
