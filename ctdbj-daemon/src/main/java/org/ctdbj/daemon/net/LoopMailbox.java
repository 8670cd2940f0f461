// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.RingBuffer;
import io.netty.channel.EventLoop;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * How other threads hand work to the node thread: a bounded ring that the event loop polls, woken
 * once per batch. When the ring is full, the worker that posts waits until there is room; the node
 * thread never waits here.
 */
final class LoopMailbox implements Executor {
  private static final int RING_SIZE = 4096;

  /** Pieces of work after which sockets get their turn. */
  private static final int BATCH = 256;

  private static final long FULL_WAIT_NANOS = 50_000;

  private static final class Slot {
    private Runnable work;
  }

  private final RingBuffer<Slot> ring = RingBuffer.createMultiProducer(Slot::new, RING_SIZE);
  private final EventPoller<Slot> poller = ring.newPoller();
  private final AtomicBoolean woken = new AtomicBoolean();
  private final EventLoop loop;
  private final Guard guard;
  private volatile boolean closed;
  private int batchLeft;

  LoopMailbox(EventLoop loop, Guard guard) {
    this.loop = loop;
    this.guard = guard;
    ring.addGatingSequences(poller.getSequence());
  }

  /**
   * Runs the work on the node thread, after what was posted before it from the same thread.
   *
   * @throws RejectedExecutionException if the loop has ended
   */
  @Override
  public void execute(Runnable work) {
    if (loop.inEventLoop()) {
      loop.execute(() -> guard.run(work));
      return;
    }
    while (!ring.tryPublishEvent((slot, sequence) -> slot.work = work)) {
      if (closed) {
        throw new RejectedExecutionException("the node thread has ended");
      }
      wake();
      LockSupport.parkNanos(FULL_WAIT_NANOS);
    }
    wake();
  }

  /** Makes waiting workers give up. */
  void close() {
    closed = true;
  }

  private void wake() {
    if (woken.compareAndSet(false, true)) {
      loop.execute(this::drain);
    }
  }

  private void drain() {
    woken.set(false); // before polling: what is published from here on wakes the loop again
    batchLeft = BATCH;
    try {
      poller.poll(
          (slot, sequence, endOfBatch) -> {
            Runnable work = slot.work;
            slot.work = null;
            guard.run(work);
            return --batchLeft > 0;
          });
    } catch (Exception e) {
      throw new IllegalStateException("the guard lets no exception through", e);
    }
    if (poller.getSequence().get() < ring.getCursor()) {
      wake();
    }
  }
}
