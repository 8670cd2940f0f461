// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.ctdbj.recovery.door.Timers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NodeLoopTest {
  private final RecordingLog log = new RecordingLog();
  private final AtomicReference<Error> fatal = new AtomicReference<>();
  private final NodeLoop loop = new NodeLoop("node", log, fatal::set);

  @AfterEach
  void close() {
    loop.close();
  }

  @Test
  void timersRunInOrderAndNeverInsideTheCall() throws Exception {
    List<String> ran = Collections.synchronizedList(new ArrayList<>());
    var done = new CountDownLatch(1);
    loop.call(
        () -> {
          Timers timers = loop.timers();
          timers.scheduleMillis(30, done::countDown);
          timers.scheduleMillis(20, () -> ran.add("20"));
          timers.schedule(0, () -> ran.add("a"));
          timers.schedule(-5, () -> ran.add("b"));
          Timers.Timer cancelled = timers.scheduleMillis(10, () -> ran.add("cancelled"));
          cancelled.cancel();
          cancelled.cancel();
          timers.scheduleMillis(10, () -> ran.add("10"));
          assertEquals(List.of(), ran);
        });
    assertTrue(done.await(20, TimeUnit.SECONDS));
    assertEquals(List.of("a", "b", "10", "20"), ran);
    assertThrows(IllegalStateException.class, () -> loop.timers().schedule(0, () -> {}));
  }

  @Test
  void dueTimersRunBeforeInput() {
    List<String> ran = new ArrayList<>();
    loop.call(
        () -> {
          loop.timers().schedule(1, () -> ran.add("timer"));
          long start = loop.timers().nowNanos();
          while (loop.timers().nowNanos() <= start + 1) {
            Thread.onSpinWait();
          }
          loop.input(() -> ran.add("input"));
        });
    loop.call(() -> assertEquals(List.of("timer", "input"), ran));
  }

  @Test
  void manyCancelledTimersLeaveNothing() {
    loop.call(
        () -> {
          for (int i = 0; i < 100_000; i++) {
            loop.timers().scheduleSeconds(60, () -> log.error("must not run")).cancel();
          }
        });
    loop.call(() -> assertEquals(List.of(), log.lines));
  }

  @Test
  void workersKeepTheirOrderAndWaitWhenTheRingIsFull() throws Exception {
    int each = 20_000;
    List<List<Integer>> seen = List.of(new ArrayList<>(), new ArrayList<>());
    var blocked = new CountDownLatch(1);
    loop.executor().execute(() -> awaitQuietly(blocked));
    List<Thread> workers = new ArrayList<>();
    for (List<Integer> mine : seen) {
      workers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < each; i++) {
                      int number = i;
                      loop.executor().execute(() -> mine.add(number));
                    }
                  }));
    }
    assertFalse(
        workers.getFirst().join(java.time.Duration.ofMillis(200)),
        "the ring is smaller than the work");
    blocked.countDown();
    for (Thread worker : workers) {
      worker.join();
    }
    var last = new CountDownLatch(1);
    loop.executor().execute(last::countDown);
    assertTrue(last.await(20, TimeUnit.SECONDS));
    for (List<Integer> mine : seen) {
      assertEquals(each, mine.size());
      for (int i = 0; i < each; i++) {
        assertEquals(i, mine.get(i));
      }
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void failuresAreLoggedAndErrorsAreFatal() throws Exception {
    var after = new CountDownLatch(2);
    loop.executor()
        .execute(
            () -> {
              throw new IllegalArgumentException("first");
            });
    loop.executor()
        .execute(
            () -> {
              throw new AssertionError("second");
            });
    loop.executor().execute(after::countDown);
    loop.call(() -> loop.timers().schedule(0, after::countDown));
    assertTrue(after.await(20, TimeUnit.SECONDS));
    assertTrue(log.contains("IllegalArgumentException: first"));
    assertEquals("second", fatal.get().getMessage());
  }

  @Test
  void workersOfAClosedLoopAreToldSo() {
    loop.close();
    assertThrows(
        RejectedExecutionException.class,
        () -> {
          for (int i = 0; i < 10_000; i++) {
            loop.executor().execute(() -> {});
          }
        });
  }
}
