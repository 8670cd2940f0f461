// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbException;

/**
 * The node thread's chain locks, and the queues of what waits for one. Per contended chain there is
 * one waiting thread; when it has the lock, the node thread runs what is queued under it (the lock
 * is on loan) and gives it back. Node thread only.
 */
final class ChainLocks implements ChainWait.Owner {
  /** Tasks that run in one loan: then whoever else waits for the chain has a turn. */
  private static final int TASKS_PER_LOAN = 64;

  private static final int RETRY_MILLIS = 1000;

  private final Tdb own;
  private final Handles handles;
  private final Workers workers;
  private final LockWatch watch;
  private final Map<Integer, Chain> chains = new HashMap<>();
  private Chain spare;
  private boolean waitersAllowed = true;
  private boolean closed;

  /** A chain that is locked, waited for, or both. */
  private static final class Chain {
    int index;

    /** How often the node thread has locked it and not unlocked it. */
    int depth;

    /** Handle under which the chain is locked; null if it is not. */
    Tdb handle;

    /** The key with which the node thread locked it, if it did. */
    RecordKey ownKey;

    /** The thread that waits for the chain or has lent it. */
    ChainWait wait;

    final ArrayDeque<Task> queue = new ArrayDeque<>();
  }

  private record Task(RecordKey key, Runnable body) {}

  ChainLocks(Tdb own, Handles handles, Workers workers, LockWatch watch) {
    this.own = own;
    this.handles = handles;
    this.workers = workers;
    this.watch = watch;
  }

  boolean tryLock(RecordKey key) {
    if (closed) {
      throw new IllegalStateException(own.path() + " is closed");
    }
    int index = own.chainOf(key.array());
    Chain chain = chains.get(index);
    if (chain != null) {
      if (chain.handle != null) {
        chain.depth++;
        return true;
      }
      return false; // what has waited longer comes first
    }
    if (!take(key)) {
      return false;
    }
    chain = create(index);
    chain.handle = own;
    chain.ownKey = key;
    chain.depth = 1;
    return true;
  }

  void unlock(RecordKey key) {
    if (closed) {
      return; // the lock went with the file
    }
    int index = own.chainOf(key.array());
    Chain chain = chains.get(index);
    if (chain == null || chain.depth == 0) {
      throw new IllegalStateException("chain " + index + " of " + own.path() + " is not locked");
    }
    if (--chain.depth == 0 && chain.handle == own) {
      chain.handle = null;
      try {
        own.unlockChain(key.array());
      } catch (TdbException e) {
        throw new StoreException(e.getMessage(), e);
      } finally {
        forget(chain);
      }
    }
  }

  /** The handle with which to work in the key's chain. */
  Tdb handle(RecordKey key) {
    Chain chain = chains.get(own.chainOf(key.array()));
    if (chain == null || chain.depth == 0) {
      throw new IllegalStateException(
          "the chain of key " + key + " in " + own.path() + " is not locked");
    }
    return chain.handle;
  }

  void lockLater(RecordKey key, Runnable body) {
    if (closed) {
      return;
    }
    int index = own.chainOf(key.array());
    Chain chain = chains.get(index);
    if (chain == null) {
      chain = create(index);
    }
    chain.queue.add(new Task(key, body));
    startWaiting(chain);
  }

  /** From now on what waits stays queued: the whole file is being locked. */
  void suspend() {
    waitersAllowed = false;
  }

  /** The whole file is free again: what is queued runs, chain by chain. */
  void resume() {
    waitersAllowed = true;
    for (Chain chain : new ArrayList<>(chains.values())) {
      if (!chain.queue.isEmpty() && chain.wait == null) {
        int index = chain.index;
        workers.post(() -> retry(index));
      }
    }
  }

  /** Gives back what is on loan and forgets what waits. */
  void close() {
    closed = true;
    for (Chain chain : chains.values()) {
      chain.queue.clear();
      if (chain.handle == own) {
        own.unlockChain(chain.ownKey.array());
      } else if (chain.handle != null) {
        chain.wait.finish();
      }
      chain.handle = null;
      chain.depth = 0;
    }
    chains.clear();
  }

  @Override
  public void lend(ChainWait wait, Tdb handle) {
    Chain chain = closed ? null : chains.get(wait.chain());
    if (chain == null || chain.wait != wait) {
      wait.finish();
      return;
    }
    chain.handle = handle;
    try {
      runTasks(chain);
    } finally {
      chain.handle = null;
      chain.wait = null;
      wait.finish();
    }
    next(chain);
  }

  @Override
  public void failed(ChainWait wait, RuntimeException reason) {
    Chain chain = closed ? null : chains.get(wait.chain());
    if (chain == null || chain.wait != wait) {
      return;
    }
    workers
        .log()
        .error(
            own.path()
                + ": chain "
                + wait.chain()
                + " cannot be locked, next attempt in "
                + RETRY_MILLIS
                + " ms: "
                + reason.getMessage());
    ScheduledFuture<?> _ =
        workers.later(
            RETRY_MILLIS,
            () ->
                workers.post(
                    () -> {
                      if (!closed && chain.wait == wait) {
                        chain.wait = null;
                        next(chain);
                      }
                    }));
  }

  private void retry(int index) {
    Chain chain = closed ? null : chains.get(index);
    if (chain == null
        || chain.wait != null
        || chain.handle != null
        || chain.queue.isEmpty()
        || !waitersAllowed) {
      return;
    }
    RecordKey key = chain.queue.element().key();
    boolean taken;
    try {
      taken = take(key);
    } catch (StoreException e) {
      workers.log().error(e.getMessage());
      taken = false;
    }
    if (!taken) {
      startWaiting(chain);
      return;
    }
    chain.handle = own;
    chain.ownKey = key;
    chain.depth = 1;
    try {
      runTasks(chain);
    } finally {
      if (!closed) {
        chain.handle = null;
        chain.depth = 0;
        own.unlockChain(key.array());
      }
    }
    next(chain);
  }

  private void runTasks(Chain chain) {
    int count = Math.min(chain.queue.size(), TASKS_PER_LOAN);
    int depth = chain.depth;
    for (int i = 0; i < count && !closed; i++) {
      Task task = chain.queue.remove();
      try {
        task.body().run();
      } catch (RuntimeException e) {
        workers.log().error(own.path() + ": work on key " + task.key() + " failed: " + e);
      }
      if (chain.depth != depth && !closed) {
        workers.log().error(own.path() + ": work on key " + task.key() + " left its chain locked");
        chain.depth = depth;
      }
    }
  }

  private void next(Chain chain) {
    if (closed) {
      return;
    }
    if (chain.queue.isEmpty()) {
      forget(chain);
    } else {
      startWaiting(chain);
    }
  }

  private void startWaiting(Chain chain) {
    if (!waitersAllowed || chain.wait != null) {
      return;
    }
    var wait =
        new ChainWait(
            handles, workers, watch, this, chain.index, chain.queue.element().key().array());
    chain.wait = wait;
    workers.execute(wait);
  }

  private boolean take(RecordKey key) {
    try {
      return own.tryLockChain(key.array());
    } catch (TdbException e) {
      throw new StoreException(e.getMessage(), e);
    }
  }

  private Chain create(int index) {
    Chain chain = spare == null ? new Chain() : spare;
    spare = null;
    chain.index = index;
    chains.put(index, chain);
    return chain;
  }

  private void forget(Chain chain) {
    if (chain.queue.isEmpty() && chain.wait == null && chain.handle == null) {
      chains.remove(chain.index);
      spare = chain;
    }
  }
}
