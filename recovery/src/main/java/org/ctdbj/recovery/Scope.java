// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.Timers;

/**
 * A piece of the core's work that can end early: the life of the core, one pass of the main loop,
 * one recovery. After its end no answer, timer or message of it does anything, so that whoever ends
 * it need not know what was under way.
 *
 * <p>It is also the only way by which events enter the core: before each one the root's {@link
 * Root#beforeEvent} runs, and an exception that escapes goes to {@link Root#broken}.
 */
final class Scope {
  /** What all scopes of one core share. */
  static final class Root {
    private final ClusterPort port;
    private final Timers timers;
    private final EventLog log;
    private final Consumer<RuntimeException> broken;
    private Runnable beforeEvent = () -> {};

    /**
     * @param broken gets an exception that nobody expected; it ends the core
     */
    Root(ClusterPort port, Timers timers, EventLog log, Consumer<RuntimeException> broken) {
      this.port = port;
      this.timers = timers;
      this.log = log;
      this.broken = broken;
    }

    /** Sets what runs before every event, and may end scopes. */
    void beforeEvent(Runnable hook) {
      beforeEvent = hook;
    }
  }

  private final Root root;
  private final Scope parent;
  private final List<Scope> children = new ArrayList<>();
  private final Deque<Runnable> cleanups = new ArrayDeque<>();
  private boolean ended;

  /** The outermost scope. */
  Scope(Root root) {
    this(root, null);
  }

  private Scope(Root root, Scope parent) {
    this.root = root;
    this.parent = parent;
  }

  /** A scope that ends when this one does, or earlier. */
  Scope child() {
    var child = new Scope(root, this);
    if (ended) {
      child.ended = true;
    } else {
      children.add(child);
    }
    return child;
  }

  /** Nothing of this scope runs from now on. Safe to call more than once. */
  void end() {
    if (ended) {
      return;
    }
    ended = true;
    for (var child : List.copyOf(children)) {
      child.end();
    }
    children.clear();
    while (!cleanups.isEmpty()) {
      cleanups.pop().run();
    }
    if (parent != null) {
      parent.children.remove(this);
    }
  }

  /** Whether {@link #end} was called here or further out. */
  boolean ended() {
    return ended;
  }

  /** What has to be undone when the scope ends; the last one first. */
  void onEnd(Runnable cleanup) {
    if (ended) {
      cleanup.run();
    } else {
      cleanups.push(cleanup);
    }
  }

  EventLog log() {
    return root.log;
  }

  /** Monotonic time. */
  long nowNanos() {
    return root.timers.nowNanos();
  }

  /** Wall clock. */
  long wallClockMicros() {
    return root.timers.wallClockMicros();
  }

  /** Runs the task after the delay, unless the scope has ended by then. */
  Timers.Timer afterNanos(long delayNanos, Runnable task) {
    return root.timers.schedule(delayNanos, () -> enter(task));
  }

  /** {@link #afterNanos} in seconds. */
  Timers.Timer afterSeconds(long seconds, Runnable task) {
    return afterNanos(seconds * 1_000_000_000L, task);
  }

  /** Runs the task when the present event is over. */
  void soon(Runnable task) {
    afterNanos(0, task);
  }

  /** Sends a message: see {@link ClusterPort#message}. */
  void message(int destination, long srvid, Bytes data) {
    root.port.message(destination, srvid, data);
  }

  /** Listens to a service id until the scope ends. */
  void subscribe(long srvid, Consumer<Bytes> handler) {
    if (ended) {
      return;
    }
    root.port.subscribe(srvid, (id, data) -> enter(() -> handler.accept(data)));
    onEnd(() -> root.port.unsubscribe(srvid));
  }

  /** Asks one node. */
  <T> void ask(int pnn, Question<T> question, Consumer<T> answered, Consumer<String> failed) {
    askAll(
        List.of(pnn),
        question,
        answers -> {
          if (answers.complete()) {
            answered.accept(answers.of(pnn));
          } else {
            failed.accept(answers.failureText());
          }
        });
  }

  /** Asks several nodes at the same time and waits for all of them, whatever they answer. */
  <T> void askAll(Collection<Integer> nodes, Question<T> question, Consumer<Answers<T>> done) {
    var answers = new Answers<T>(question.control());
    if (nodes.isEmpty()) {
      soon(() -> done.accept(answers));
      return;
    }
    int wanted = nodes.size();
    for (int pnn : List.copyOf(nodes)) {
      root.port.control(
          pnn,
          question.control(),
          0,
          question.flags(),
          question.data(),
          question.timeoutSeconds(),
          result ->
              enter(
                  () -> {
                    answers.add(pnn, question, result);
                    if (answers.count() == wanted) {
                      done.accept(answers);
                    }
                  }));
    }
  }

  /** Runs something that another door reports, as an event of this scope. */
  void event(Runnable task) {
    enter(task);
  }

  private void enter(Runnable event) {
    if (ended) {
      return;
    }
    try {
      root.beforeEvent.run();
      if (!ended) {
        event.run();
      }
    } catch (RuntimeException e) {
      root.broken.accept(e);
    }
  }
}
