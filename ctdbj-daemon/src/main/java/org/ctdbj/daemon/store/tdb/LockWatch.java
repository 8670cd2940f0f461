// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.Future;

/**
 * Tells the administrator, once per wait, when a lock is not to be had for {@value #SECONDS}
 * seconds, and who has it if the system says so.
 */
final class LockWatch {
  /** As long as ctdbd 4.17 waits before it reports. */
  static final int SECONDS = 10;

  private final Workers workers;
  private final Path path;
  private final String database;
  private final LockHolders holders;
  private final long delayMillis;

  LockWatch(Workers workers, Path path, String database, LockHolders holders, long delayMillis) {
    this.workers = workers;
    this.path = path;
    this.database = database;
    this.holders = holders;
    this.delayMillis = delayMillis;
  }

  /** A wait that is being watched until it is closed. */
  interface Watched extends AutoCloseable {
    @Override
    void close();
  }

  /** Watches the wait for one chain. */
  Watched chain(int chain, byte[] key) {
    return watch(
        () ->
            "database "
                + database
                + ": the lock of key "
                + HexFormat.of().formatHex(key)
                + " (chain "
                + chain
                + ") was not to be had for "
                + delayMillis / 1000.0
                + " s; "
                + holders.describeChain(path, chain));
  }

  /** Watches the wait for the whole file. */
  Watched wholeFile() {
    return watch(
        () ->
            "database "
                + database
                + ": the lock on the whole file was not to be had for "
                + delayMillis / 1000.0
                + " s; "
                + holders.describeAll(path));
  }

  private Watched watch(java.util.function.Supplier<String> text) {
    Future<?> report = workers.later(delayMillis, () -> workers.log().warning(text.get()));
    return () -> report.cancel(false);
  }
}
