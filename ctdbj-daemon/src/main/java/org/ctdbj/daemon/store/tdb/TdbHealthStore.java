// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.ctdbj.daemon.store.HealthStore;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.tdb.CheckReport;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;

/**
 * {@code persistent_health.tdb.PNN} in the state directory, as ctdbd 4.17 has it: database name to
 * reason, both without a terminator and without a record header.
 */
public final class TdbHealthStore implements HealthStore {
  private static final int HASH_SIZE = 131;

  private final Tdb tdb;
  private final Executor node;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("tdb-health").daemon(true).factory());

  private TdbHealthStore(Tdb tdb, Executor node) {
    this.tdb = tdb;
    this.node = node;
  }

  /**
   * Opens the file, and creates it if needed.
   *
   * @param node runs tasks on the node thread
   * @throws StoreException if the file cannot be opened or is damaged
   */
  public static TdbHealthStore open(Path stateDirectory, int pnn, Executor node) {
    Path path = stateDirectory.resolve("persistent_health.tdb." + Integer.toUnsignedString(pnn));
    TdbOptions options =
        TdbOptions.of(TdbFlag.DISALLOW_NESTING)
            .withCreate(true)
            .withHashSize(HASH_SIZE)
            .withMode(0600);
    Tdb tdb;
    try {
      tdb = Tdb.open(path, options);
    } catch (TdbException e) {
      throw new StoreException("health of persistent databases is not known: " + e.getMessage(), e);
    }
    CheckReport report = tdb.check();
    if (!report.isGood()) {
      tdb.close();
      throw new StoreException(
          "health of persistent databases is not known: "
              + path
              + " is damaged ("
              + report.findings().getFirst()
              + "); after a check of the persistent databases move it away: it is created anew",
          null);
    }
    return new TdbHealthStore(tdb, node);
  }

  @Override
  public Map<String, String> load() {
    var reasons = new TreeMap<String, String>();
    try {
      tdb.traverseChains(
          (key, value) -> {
            reasons.put(
                new String(key, StandardCharsets.UTF_8), new String(value, StandardCharsets.UTF_8));
            return true;
          });
    } catch (TdbException e) {
      throw new StoreException(
          "health of persistent databases cannot be read: " + e.getMessage(), e);
    }
    return reasons;
  }

  @Override
  public void save(String name, String reason, Consumer<StoreResult<Void>> done) {
    try {
      writer.execute(
          () -> {
            StoreResult<Void> result = write(name, reason);
            try {
              node.execute(() -> done.accept(result));
            } catch (RejectedExecutionException e) {
              return; // the node has ended; what was to be written is written
            }
          });
    } catch (RejectedExecutionException e) {
      node.execute(() -> done.accept(StoreResult.failed(tdb.path() + ": is closed")));
    }
  }

  private StoreResult<Void> write(String name, String reason) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    try {
      tdb.transactionStart();
      if (reason == null) {
        tdb.delete(key);
      } else {
        tdb.store(key, reason.getBytes(StandardCharsets.UTF_8));
      }
      tdb.transactionCommit();
      return StoreResult.of(null);
    } catch (TdbException e) {
      if (tdb.inTransaction()) {
        tdb.transactionCancel();
      }
      return StoreResult.failed(
          "health of database " + name + " cannot be written: " + e.getMessage());
    }
  }

  /** Writes what was given before, then closes the file. */
  @Override
  public void close() {
    writer.execute(tdb::close);
    writer.shutdown();
  }

  /**
   * Waits, after {@link #close}, until the file is closed. Not on the node thread.
   *
   * @return false if it is not by then
   */
  public boolean awaitClosed(long timeoutMillis) throws InterruptedException {
    return writer.awaitTermination(timeoutMillis, TimeUnit.MILLISECONDS);
  }
}
