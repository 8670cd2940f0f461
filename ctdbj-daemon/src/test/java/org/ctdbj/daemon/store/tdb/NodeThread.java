// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.recovery.door.EventLog;

/** Stands for the node thread, and keeps what is logged. */
final class NodeThread implements Executor, EventLog, AutoCloseable {
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("test-node").factory());
  private final List<String> lines = new ArrayList<>();

  @Override
  public void execute(Runnable task) {
    thread.execute(task);
  }

  /** Runs something on the node thread and waits for it. */
  <T> T call(Callable<T> body) {
    return await(
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return body.call();
              } catch (RuntimeException e) {
                throw e;
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            },
            thread));
  }

  void run(Runnable body) {
    call(
        () -> {
          body.run();
          return null;
        });
  }

  /** Starts something on the node thread that answers later. */
  <T> CompletableFuture<StoreResult<T>> start(Consumer<Consumer<StoreResult<T>>> body) {
    var answer = new CompletableFuture<StoreResult<T>>();
    run(() -> body.accept(answer::complete));
    return answer;
  }

  /** Starts something and waits for its answer, which must be a success. */
  <T> T done(Consumer<Consumer<StoreResult<T>>> body) {
    StoreResult<T> result = await(start(body));
    if (!result.ok()) {
      throw new AssertionError(result.error());
    }
    return result.value();
  }

  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("no answer", e);
    }
  }

  @Override
  public boolean enabled(Level level) {
    return true;
  }

  @Override
  public void log(Level level, String text) {
    synchronized (lines) {
      lines.add(level + " " + text);
      lines.notifyAll();
    }
  }

  /** Waits for a line that has all these parts. */
  String line(String... parts) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    synchronized (lines) {
      while (true) {
        for (String line : lines) {
          if (List.of(parts).stream().allMatch(line::contains)) {
            return line;
          }
        }
        long left = until - System.nanoTime();
        if (left <= 0) {
          throw new AssertionError("no such line in " + lines);
        }
        TimeUnit.NANOSECONDS.timedWait(lines, left);
      }
    }
  }

  List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
