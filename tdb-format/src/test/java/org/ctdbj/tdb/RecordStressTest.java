// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.ctdbj.tdb.lock.Await;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Processes with libtdb and threads with handles of their own add to the same records; none may get
 * lost, though one more process is killed while it holds a chain.
 */
@Tag("interop")
class RecordStressTest {
  private static final int KEYS = 8;
  private static final int PROCESSES = 2;
  private static final int THREADS = 2;

  @TempDir Path dir;

  enum Whole {
    LOCKALL,
    TRANSACTION
  }

  /** A process that uses libtdb. */
  private static final class Peer implements AutoCloseable {
    private final Process process;
    private final Writer to;
    private final BufferedReader from;

    Peer(Path file, int flags) throws IOException {
      Path python = Path.of("/usr/bin/python3");
      assumeTrue(Files.isExecutable(python), "needs " + python);
      String script;
      try (var in = RecordStressTest.class.getResourceAsStream("libtdb_counter.py")) {
        script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      process =
          new ProcessBuilder(python.toString(), "-c", script)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      to = process.outputWriter(StandardCharsets.UTF_8);
      from = process.inputReader(StandardCharsets.UTF_8);
      send("open " + file + " " + flags);
      String answer = from.readLine();
      if (answer == null) {
        close();
      }
      assumeTrue(answer != null, "needs the library libtdb.so.1 (Debian package libtdb1)");
      assertEquals("ok", answer);
    }

    void send(String command) throws IOException {
      to.write(command + "\n");
      to.flush();
    }

    void expectOk() throws IOException {
      assertEquals("ok", from.readLine());
    }

    /** As {@code kill -9} does. */
    void kill() {
      process.destroyForcibly();
      try {
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the libtdb process does not die");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      kill();
    }
  }

  private static byte[] key(int i) {
    return ("counter" + i).getBytes(StandardCharsets.UTF_8);
  }

  private static long count(byte[] value) {
    return value == null ? 0 : ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private static void add(Tdb tdb, byte[] key, int pad) {
    long count = count(tdb.fetch(key));
    var value = ByteBuffer.allocate(8 + pad).order(ByteOrder.LITTLE_ENDIAN).putLong(count + 1);
    tdb.store(key, value.array());
  }

  /** What {@code work} of the libtdb processes does, here. */
  private static void work(Tdb tdb, int rounds, int every, Whole whole, AtomicInteger progress) {
    for (int i = 1; i <= rounds; i++) {
      int pad = i * 37 % 500;
      if (i % every != 0) {
        byte[] key = key(i % KEYS);
        tdb.lockChain(key);
        add(tdb, key, pad);
        tdb.unlockChain(key);
      } else if (whole == Whole.LOCKALL) {
        tdb.lockAll();
        addToAll(tdb, pad);
        tdb.unlockAll();
      } else {
        tdb.transactionStart();
        addToAll(tdb, pad);
        tdb.transactionCommit();
      }
      progress.incrementAndGet();
    }
  }

  private static void addToAll(Tdb tdb, int pad) {
    for (int k = 0; k < KEYS; k++) {
      add(tdb, key(k), pad);
    }
  }

  private static long expected(int key, int rounds, int every) {
    long count = 0;
    for (int i = 1; i <= rounds; i++) {
      count += i % every == 0 || i % KEYS == key ? 1 : 0;
    }
    return count * (PROCESSES + THREADS);
  }

  @ParameterizedTest(name = "flags {0}, {1} rounds each, every {2}th {3}")
  @CsvSource({
    "0x1C41,8000,50,LOCKALL",
    "0xC41,8000,50,LOCKALL",
    "0x400,1000,50,TRANSACTION",
    "0x1C41,4000,50,TRANSACTION"
  })
  void noIncrementIsLost(String flagBits, int rounds, int every, Whole whole) throws Exception {
    int flags = Integer.decode(flagBits);
    Path file = dir.resolve("stress.tdb");
    var options = TdbOptions.ofBits(flags).withHashSize(101);
    var peers = new ArrayList<Peer>();
    try (var tdb = Tdb.open(file, options.withCreate(true));
        var pool = Executors.newFixedThreadPool(THREADS);
        var victim = new Peer(file, flags)) {
      for (int k = 0; k < KEYS; k++) {
        for (int other = 0; other < k; other++) {
          assertTrue(tdb.chainOf(key(k)) != tdb.chainOf(key(other)), "keys share a chain");
        }
      }
      for (int i = 0; i < PROCESSES; i++) {
        peers.add(new Peer(file, flags));
      }
      victim.send("hold " + new String(key(0), StandardCharsets.UTF_8));
      victim.expectOk();
      for (Peer peer : peers) {
        peer.send(
            "work "
                + rounds
                + " "
                + KEYS
                + " "
                + every
                + " "
                + whole.name().toLowerCase(Locale.ROOT));
      }
      var progress = new AtomicInteger();
      var threads = new ArrayList<Future<?>>();
      for (int i = 0; i < THREADS; i++) {
        threads.add(
            pool.submit(
                () -> {
                  try (var own = Tdb.open(file, options)) {
                    work(own, rounds, every, whole, progress);
                  }
                }));
      }
      // Round KEYS is the first one that needs the chain of the victim.
      int possible = THREADS * (KEYS - 1);
      Await.until("the threads to get to the held chain", () -> progress.get() == possible);
      victim.kill();
      for (Future<?> thread : threads) {
        thread.get(60, TimeUnit.SECONDS);
      }
      for (Peer peer : peers) {
        peer.expectOk();
      }
      for (int k = 0; k < KEYS; k++) {
        assertEquals(expected(k, rounds, every), count(tdb.fetch(key(k))), "counter " + k);
      }
      assertEquals(KEYS, tdb.traverseRead((key, value) -> true));
      assertEquals(List.of(), tdb.check().findings());
    } finally {
      peers.forEach(Peer::close);
    }
  }
}
