// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.ctdbj.daemon.node.SparingLog;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers;

/**
 * The node thread: one epoll event loop that does all of a node's socket work and runs its cores.
 */
public final class NodeLoop implements AutoCloseable {
  private final EventLoopGroup group;
  private final EventLoop loop;
  private final Guard guard;
  private final LoopTimers timers;
  private final LoopMailbox mailbox;
  private final MemoryBudget memory = MemoryBudget.ofHeap();
  private final List<Outbox> unflushed = new ArrayList<>();

  /**
   * Starts the thread.
   *
   * @param fatal told on the node thread of an {@link Error}, after which the process should stop
   * @throws IllegalStateException if the native transport is missing on this machine
   */
  public NodeLoop(String threadName, EventLog log, Consumer<Error> fatal) {
    if (!Epoll.isAvailable()) {
      throw new IllegalStateException(
          "Netty's native epoll transport does not work here; it is built for Linux with glibc on x86_64 and aarch64: "
              + Epoll.unavailabilityCause(),
          Epoll.unavailabilityCause());
    }
    ThreadFactory threads = task -> new Thread(task, threadName);
    group = new MultiThreadIoEventLoopGroup(1, threads, EpollIoHandler.newFactory());
    loop = group.next();
    guard = new Guard(new SparingLog(log, System::nanoTime, "failures of the node thread"), fatal);
    timers = new LoopTimers(loop, guard);
    mailbox = new LoopMailbox(loop, guard);
  }

  /** The clock and timers of the node thread. */
  public Timers timers() {
    return timers;
  }

  /**
   * Hands work over to the node thread, from any thread; waits while too much is waiting there
   * already.
   */
  public Executor executor() {
    return mailbox;
  }

  /**
   * Runs something on the node thread and waits for its end. Not from the node thread.
   *
   * @throws CompletionException with what it threw
   */
  public void call(Runnable work) {
    if (loop.inEventLoop()) {
      throw new IllegalStateException("this is the node thread");
    }
    CompletableFuture.runAsync(work, loop).join();
  }

  /** Whether the caller runs on the node thread. */
  public boolean onNodeThread() {
    return loop.inEventLoop();
  }

  EventLoop eventLoop() {
    return loop;
  }

  EventLoopGroup group() {
    return group;
  }

  /** Memory for what waits for the other side of a connection. Node thread. */
  MemoryBudget memory() {
    return memory;
  }

  /** Runs a piece of work that came from a socket, after the timers that are due. */
  void input(Runnable work) {
    timers.runDue();
    guard.run(work);
  }

  void guarded(Runnable work) {
    guard.run(work);
  }

  /** Has the outbox flushed once, after all that this wake-up of the loop brought. */
  void flushLater(Outbox outbox) {
    if (unflushed.isEmpty()) {
      loop.execute(this::flushAll);
    }
    unflushed.add(outbox);
  }

  private void flushAll() {
    var due = List.copyOf(unflushed);
    unflushed.clear();
    due.forEach(Outbox::flush);
  }

  /**
   * Ends the thread after what it is doing; all its sockets must have been closed. Not from the
   * node thread.
   */
  @Override
  public void close() {
    mailbox.close();
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
