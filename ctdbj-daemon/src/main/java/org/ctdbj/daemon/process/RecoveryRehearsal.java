// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.daemon.store.tdb.TdbStoreFactory;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.recovery.MergeRehearsal;
import org.ctdbj.recovery.door.EventLog;

/**
 * Goes through the work of a recovery a few times soon after the start, with a database of its own
 * in a directory of its own, so that the JVM has compiled that code before the first real recovery
 * of many records: this one comes when a node has died, and every smbd of the cluster waits for it.
 * A thread of its own plays the node thread, so the real one is not held up. Whatever fails in it
 * has no consequence.
 */
final class RecoveryRehearsal {
  /** Enough to be compiled by the JVM's last compiler: tens of thousands of calls. */
  private static final int ROUNDS = 8;

  private static final int RECORDS = 10_000;

  /** Records in one buffer; the node thread decodes a buffer at a time. */
  private static final int PIECE = 250;

  private static final int BATCH_BYTES = 32 << 10;
  private static final int NODES = 3;
  private static final int HASH_SIZE = 10_007;

  private static final StoreRule AS_IT_IS =
      (key, header, data) -> new StoreRule.Decision(header, true, false);

  private final Path directory;
  private final EventLog log;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("rehearsal").daemon().factory());
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private final List<Bytes> pulled = new ArrayList<>();
  private TdbStoreFactory files;
  private DatabaseStore store;
  private long startNanos;
  private int round;

  /**
   * Prepares a rehearsal.
   *
   * @param directory made and removed; what an earlier one has left there is removed too
   * @param log gets a line at its end
   */
  RecoveryRehearsal(Path directory, EventLog log) {
    this.directory = directory;
    this.log = log;
  }

  /** Begins; returns at once. Any thread. */
  void start() {
    thread.execute(this::begin);
  }

  /** Ends it early; the work at hand is refused. Any thread. */
  void stop() {
    thread.execute(
        () -> {
          if (store != null) {
            store.close();
          }
        });
  }

  /** Whether all of it was done; complete when nothing of it is left. */
  CompletableFuture<Boolean> ended() {
    return ended;
  }

  private void begin() {
    startNanos = System.nanoTime();
    files = new TdbStoreFactory(directory, directory, 0, true, thread, log);
    try {
      remove();
      Files.createDirectory(directory);
      store = files.open("rehearsal.tdb", 0, HASH_SIZE, 0);
    } catch (IOException | StoreException e) {
      end(false, "does not begin: " + e.getMessage());
      return;
    }
    pulled.addAll(generated());
    nextRound();
  }

  private void nextRound() {
    if (round++ == ROUNDS) {
      end(true, "took %.1f s".formatted((System.nanoTime() - startNanos) / 1e9));
      return;
    }
    var buffers = new ArrayDeque<>(MergeRehearsal.merge(pulled, NODES, BATCH_BYTES));
    pulled.clear();
    store.freeze(
        then(() -> store.transactionStart(then(() -> store.wipe(then(() -> pushPiece(buffers)))))));
  }

  private void pushPiece(ArrayDeque<Bytes> buffers) {
    if (!buffers.isEmpty()) {
      store.push(
          RecordBuffer.decode(buffers.remove()).records(),
          AS_IT_IS,
          then(() -> pushPiece(buffers)));
      return;
    }
    store.transactionCommit(then(this::pull));
  }

  private void pull() {
    store.pull(
        BATCH_BYTES,
        (count, records) ->
            pulled.add(
                new ByteWriter(RecordBuffer.PREFIX + records.length())
                    .putInt(0)
                    .putInt(count)
                    .put(records)
                    .toBytes()),
        then(
            () -> {
              store.thaw();
              nextRound();
            }));
  }

  private <T> Consumer<StoreResult<T>> then(Runnable next) {
    return result -> {
      if (result.ok()) {
        next.run();
      } else {
        end(false, "ended early: " + result.error());
      }
    };
  }

  private static List<Bytes> generated() {
    var random = new Random(1);
    List<Bytes> buffers = new ArrayList<>();
    for (int i = 0; i < RECORDS; ) {
      var buffer = new RecordBuffer.Builder(0);
      for (int end = i + PIECE; i < end; i++) {
        byte[] data = new byte[random.nextInt(200)];
        buffer.add(
            0, Bytes.ofText("rehearsed record " + i), new RecordHeader(i, 0, 0, 0), Bytes.of(data));
      }
      buffers.add(buffer.build());
    }
    return buffers;
  }

  private void end(boolean done, String how) {
    if (ended.isDone()) {
      return;
    }
    log.info("Rehearsal of a recovery " + how);
    pulled.clear();
    if (store != null) {
      store.close();
    }
    files.close();
    try {
      remove();
    } catch (IOException e) {
      log.warning("the directory of the rehearsal " + directory + " cannot be removed: " + e);
    }
    ended.complete(done);
  }

  private void remove() throws IOException {
    Files.deleteIfExists(directory.resolve("rehearsal.tdb.0"));
    Files.deleteIfExists(directory);
  }
}
