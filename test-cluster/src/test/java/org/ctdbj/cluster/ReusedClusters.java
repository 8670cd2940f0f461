// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Clusters that the tests of a class use one after the other, because starting one takes longer
 * than most of what they do with it. A test leaves the cluster whole, as it has found it; if it
 * fails, the next one gets a new cluster. Each cluster is used by one test at a time; tests of
 * different clusters may run at the same time.
 *
 * @param <K> what kinds of cluster there are
 * @param <C> a cluster
 */
final class ReusedClusters<K, C> implements AutoCloseable {
  private final Start<K, C> start;
  private final Consumer<C> end;
  private final Map<K, C> running = new ConcurrentHashMap<>();
  private final Map<K, Lock> locks = new ConcurrentHashMap<>();

  /** Starts clusters; what it has begun it ends itself if it fails. */
  interface Start<K, C> {
    C start(K kind) throws Exception;
  }

  /** What a test does. */
  interface Drill<C> {
    void run(C cluster) throws Exception;
  }

  /**
   * Nothing is started before the first test.
   *
   * @param end stops a cluster and removes its files
   */
  ReusedClusters(Start<K, C> start, Consumer<C> end) {
    this.start = start;
    this.end = end;
  }

  /** Runs a test on the cluster of that kind, when no other test uses it. */
  void with(K kind, Drill<C> drill) throws Exception {
    Lock lock = locks.computeIfAbsent(kind, any -> new ReentrantLock());
    lock.lock();
    try {
      C cluster = running.get(kind);
      if (cluster == null) {
        cluster = start.start(kind);
        running.put(kind, cluster);
      }
      try {
        drill.run(cluster);
      } catch (Exception | Error failure) {
        running.remove(kind);
        try {
          end.accept(cluster);
        } catch (RuntimeException second) {
          failure.addSuppressed(second);
        }
        throw failure;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends all clusters. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (C cluster : running.values()) {
      try {
        end.accept(cluster);
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    running.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
