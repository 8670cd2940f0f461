// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.ctdbj.recovery.ClusterLock;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers;

/**
 * The cluster lock of ctdb.conf: a file that is locked in this process, or {@code !command} with
 * its arguments split at blanks. With CTDB_CLUSTER_MUTEX_HELPER in the environment a file is locked
 * by that program, as with ctdbd 4.17.
 */
public final class NodeClusterLock implements ClusterLock {
  private static final long CLOSE_MILLIS = 12_000;

  private final Supplier<LockAttempt.Keeper> keepers;
  private final Executor nodeThread;
  private final Timers timers;
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final Set<LockAttempt> attempts = ConcurrentHashMap.newKeySet();

  /**
   * A lock by its setting.
   *
   * @param setting value of "cluster lock"; empty for none
   * @param workingDirectory what a relative file name starts from
   * @param nodeThread where callbacks run
   */
  public NodeClusterLock(
      Optional<String> setting,
      Map<String, String> environment,
      Path workingDirectory,
      Executor nodeThread,
      Timers timers,
      EventLog log) {
    this.nodeThread = nodeThread;
    this.timers = timers;
    this.keepers =
        setting.map(text -> keepers(text, environment, workingDirectory, log)).orElse(null);
  }

  private static Supplier<LockAttempt.Keeper> keepers(
      String setting, Map<String, String> environment, Path workingDirectory, EventLog log) {
    if (setting.startsWith("!")) {
      List<String> command = List.of(setting.substring(1).strip().split("\\s+"));
      return () -> new CommandLockKeeper(command, log);
    }
    String helper = environment.get("CTDB_CLUSTER_MUTEX_HELPER");
    if (helper != null && !helper.isEmpty()) {
      return () -> new CommandLockKeeper(List.of(helper, setting), log);
    }
    Path file = workingDirectory.resolve(setting);
    return () -> new FileLockKeeper(file, log);
  }

  @Override
  public boolean configured() {
    return keepers != null;
  }

  @Override
  public Attempt acquire(int timeoutSeconds, Consumer<Outcome> done, Runnable lost) {
    var attempt = new LockAttempt(nodeThread, timers, timeoutSeconds, keepers.get(), done, lost);
    attempts.add(attempt);
    Thread keeper =
        Thread.ofPlatform()
            .name("cluster lock")
            .daemon()
            .unstarted(
                () -> {
                  try {
                    attempt.run();
                  } finally {
                    attempts.remove(attempt);
                    threads.remove(Thread.currentThread());
                  }
                });
    threads.add(keeper);
    keeper.start();
    return attempt;
  }

  /** Gives up every attempt; node thread. */
  public void releaseAll() {
    attempts.forEach(LockAttempt::release);
  }

  /**
   * Waits, for seconds at most, until the locks given up before are free and their helpers gone.
   * Not the node thread.
   */
  public void awaitReleased() throws InterruptedException {
    long until = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
    for (Thread thread : threads) {
      long left = (until - System.nanoTime()) / 1_000_000;
      if (left > 0) {
        thread.join(left);
      }
    }
  }
}
