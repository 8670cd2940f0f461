// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.ctdbj.recovery.door.EventLog;

/**
 * The threads behind all databases of a node. There is no upper bound: a thread that waits for a
 * chain may wait for a process that waits for the daemon, which needs another thread to answer it.
 * They are platform threads, because a robust mutex belongs to the kernel's thread.
 */
final class Workers implements AutoCloseable {
  private static final long STACK_BYTES = 512 * 1024;
  private static final long IDLE_SECONDS = 10;
  private static final long RETRY_MILLIS = 1000;

  private final Executor node;
  private final EventLog log;
  private final ThreadPoolExecutor threads;
  private final ScheduledThreadPoolExecutor clock;

  /**
   * With nothing running yet.
   *
   * @param node runs tasks on the node thread, in the order in which one thread hands them over;
   *     may refuse them once the node has ended
   */
  Workers(Executor node, EventLog log) {
    this.node = node;
    this.log = log;
    threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            factory("tdb-worker"));
    clock = new ScheduledThreadPoolExecutor(1, factory("tdb-clock"));
    clock.setRemoveOnCancelPolicy(true);
    clock.prestartCoreThread(); // it has to be there when the system refuses further threads
  }

  private static ThreadFactory factory(String name) {
    return task ->
        Thread.ofPlatform().name(name).daemon(true).stackSize(STACK_BYTES).unstarted(task);
  }

  /** Runs a task that may block, on a thread that does nothing else until it ends. */
  void execute(Runnable task) {
    try {
      threads.execute(task);
    } catch (OutOfMemoryError e) {
      // The system's limit of threads (TasksMax= of the unit, ulimit -u). Others will end, and no
      // request may get lost.
      log.error(
          "no thread for database work, next attempt in "
              + RETRY_MILLIS
              + " ms: "
              + e.getMessage());
      ScheduledFuture<?> _ = later(RETRY_MILLIS, () -> execute(task));
    }
  }

  /** Runs a task that must not block after a time, aside from the node thread. */
  ScheduledFuture<?> later(long delayMillis, Runnable task) {
    return clock.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
  }

  /**
   * Hands a task to the node thread.
   *
   * @return false if the node has ended, so that it will never run
   */
  boolean post(Runnable task) {
    try {
      node.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      log.debug(
          () -> "result of a database worker is dropped, the node has ended: " + e.getMessage());
      return false;
    }
  }

  EventLog log() {
    return log;
  }

  /** No new work; what runs ends when the databases are closed. */
  @Override
  public void close() {
    threads.shutdown();
    clock.shutdownNow();
  }

  /**
   * Waits, after {@link #close}, until the work under way has ended. Not on the node thread.
   *
   * @return false if some still waits for a lock of another process
   */
  boolean awaitEnd(long timeoutMillis) throws InterruptedException {
    return threads.awaitTermination(timeoutMillis, TimeUnit.MILLISECONDS);
  }
}
