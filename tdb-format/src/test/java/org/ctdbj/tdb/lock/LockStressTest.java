// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.ctdbj.tdb.os.LockMode.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.ctdbj.tdb.os.NativeFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two libtdb processes and two threads with handles of their own add to one number; no addition may
 * be lost.
 */
@Tag("interop")
class LockStressTest {
  private static final int CHAINS = 7;
  private static final int CHAIN = 5;
  private static final int ROUNDS = 4000;
  private static final int OWN_ROUNDS = 8000;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void incrementsAreNotLost(boolean mutexes) throws Exception {
    assumeTrue(!mutexes || MutexArea.isSupported(), "needs x86_64 or aarch64");
    var path = directory.resolve("s.tdb");
    var counter = Files.write(directory.resolve("counter"), new byte[8]);
    var open = "open " + path + " " + CHAINS + (mutexes ? " 0x1841" : " 0x841");
    var threads = Executors.newFixedThreadPool(2);
    try (var one = LibtdbPeer.start();
        var two = LibtdbPeer.start()) {
      one.expectOk(open);
      two.expectOk(open);
      var stress = "stress " + counter + " " + CHAIN + " " + ROUNDS;
      one.send(stress);
      two.send(stress);
      var first = threads.submit(() -> addUp(path, counter, mutexes));
      var second = threads.submit(() -> addUp(path, counter, mutexes));
      first.get(60, TimeUnit.SECONDS);
      second.get(60, TimeUnit.SECONDS);
      assertEquals("ok", one.answer());
      assertEquals("ok", two.answer());
    } finally {
      threads.shutdownNow();
    }
    try (var file = open(counter);
        var arena = Arena.ofConfined()) {
      var number = arena.allocate(JAVA_LONG);
      file.read(0, number);
      assertEquals(2 * ROUNDS + 2 * OWN_ROUNDS, number.get(JAVA_LONG, 0));
    }
  }

  private static NativeFile open(Path path) {
    return NativeFile.open(path, NativeFile.Access.READ_WRITE, NativeFile.Creation.NEVER, 0);
  }

  private static Void addUp(Path path, Path counter, boolean mutexes) {
    try (var holder = mutexes ? Holder.ofMutexes(path, CHAINS) : Holder.ofBytes(path, CHAINS);
        var file = open(counter);
        var arena = Arena.ofConfined()) {
      var number = arena.allocate(JAVA_LONG);
      for (int i = 0; i < OWN_ROUNDS; i++) {
        boolean all = i % 50 == 49;
        if (all) {
          holder.locks.lockAll(WRITE, true);
        } else {
          holder.locks.lockChain(CHAIN, WRITE, true);
        }
        file.read(0, number);
        number.set(JAVA_LONG, 0, number.get(JAVA_LONG, 0) + 1);
        file.write(0, number);
        if (all) {
          holder.locks.unlockAll(WRITE);
        } else {
          holder.locks.unlockChain(CHAIN, WRITE);
        }
      }
    }
    return null;
  }
}
