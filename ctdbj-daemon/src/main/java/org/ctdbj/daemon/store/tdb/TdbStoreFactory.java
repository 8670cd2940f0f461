// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreFactory;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.tdb.CheckReport;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;

/**
 * Opens the TDB files of one node, named {@code NAME.PNN}: persistent databases in one directory,
 * volatile and replicated ones in the other. Owns the threads behind them.
 */
public final class TdbStoreFactory implements StoreFactory, AutoCloseable {
  /**
   * Flags of volatile databases, as ctdbd 4.17 opens them, without mutexes; of replicated ones,
   * too.
   */
  private static final int SHARED_FLAGS =
      TdbFlag.CLEAR_IF_FIRST.bit()
          | TdbFlag.NOSYNC.bit()
          | TdbFlag.DISALLOW_NESTING.bit()
          | TdbFlag.INCOMPATIBLE_HASH.bit();

  private static final int PERSISTENT_FLAGS = TdbFlag.DISALLOW_NESTING.bit();

  private static final int MODE = 0600;

  /** A file name has at most 255 bytes on Linux; the node's number is added to the name. */
  private static final int MAX_NAME_LENGTH = 240;

  private final Path volatileDirectory;
  private final Path persistentDirectory;
  private final int pnn;
  private final boolean tdbMutexes;
  private final Workers workers;
  private final long watchMillis;

  /**
   * Nothing is opened yet.
   *
   * @param tdbMutexes whether volatile databases get robust mutexes instead of file locks ("tdb
   *     mutexes" of ctdb.conf)
   * @param node runs tasks on the node thread; those of one caller in their order. It may refuse
   *     them with {@link java.util.concurrent.RejectedExecutionException} once the node has ended
   */
  public TdbStoreFactory(
      Path volatileDirectory,
      Path persistentDirectory,
      int pnn,
      boolean tdbMutexes,
      Executor node,
      EventLog log) {
    this(
        volatileDirectory,
        persistentDirectory,
        pnn,
        tdbMutexes,
        node,
        log,
        LockWatch.SECONDS * 1000L);
  }

  TdbStoreFactory(
      Path volatileDirectory,
      Path persistentDirectory,
      int pnn,
      boolean tdbMutexes,
      Executor node,
      EventLog log,
      long watchMillis) {
    this.volatileDirectory = volatileDirectory;
    this.persistentDirectory = persistentDirectory;
    this.pnn = pnn;
    this.tdbMutexes = tdbMutexes;
    this.workers = new Workers(node, log);
    this.watchMillis = watchMillis;
  }

  @Override
  public DatabaseStore open(String name, int flags, int hashSize, int maxDead) {
    requireFileName(name);
    boolean persistent = (flags & DatabaseFlags.PERSISTENT) != 0;
    Path directory = persistent ? persistentDirectory : volatileDirectory;
    if (!Files.isDirectory(directory)) {
      throw new StoreException(
          "database " + name + " cannot be opened: " + directory + " is not a directory; create it",
          null);
    }
    int tdbFlags = tdbFlags(flags);
    Path path = directory.resolve(name + "." + Integer.toUnsignedString(pnn));
    TdbOptions options =
        TdbOptions.ofBits(tdbFlags)
            .withCreate(true)
            .withHashSize(hashSize)
            .withMode(MODE)
            .withMaxDead(maxDead);
    Tdb tdb;
    try {
      tdb = Tdb.open(path, options);
    } catch (TdbException e) {
      throw new StoreException("database " + name + " cannot be opened: " + e.getMessage(), e);
    }
    try {
      if (persistent) {
        requireSound(tdb, name);
      } else {
        requireEmpty(tdb, name);
      }
      return new TdbDatabaseStore(tdb, name, maxDead, workers, watchMillis);
    } catch (TdbException e) {
      tdb.close();
      throw new StoreException("database " + name + " cannot be opened: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      tdb.close();
      throw e;
    }
  }

  private static void requireFileName(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME_LENGTH) {
      throw new StoreException(
          "database name of "
              + name.length()
              + " characters is refused: expected 1 to "
              + MAX_NAME_LENGTH
              + ", it becomes a file name",
          null);
    }
    if (name.chars().anyMatch(c -> c == '/' || Character.isISOControl(c))) {
      String shown = name.replaceAll("\\p{Cntrl}", "?");
      throw new StoreException(
          "database name \""
              + shown
              + "\" is refused: it must not contain '/' or control characters, it becomes a file name",
          null);
    }
  }

  private int tdbFlags(int flags) {
    if ((flags & DatabaseFlags.PERSISTENT) != 0) {
      return PERSISTENT_FLAGS;
    }
    boolean mutexes = tdbMutexes && DatabaseFlags.isVolatile(flags);
    return mutexes ? SHARED_FLAGS | TdbFlag.MUTEX_LOCKING.bit() : SHARED_FLAGS;
  }

  private static void requireSound(Tdb tdb, String name) {
    CheckReport report = tdb.check();
    if (!report.isGood()) {
      throw new StoreException(
          "persistent database "
              + name
              + " is damaged: "
              + tdb.path()
              + ": "
              + report.findings().getFirst()
              + " ("
              + report.findings().size()
              + " findings); restore it from a backup or move the file away so that the other nodes' copy is used",
          null);
    }
  }

  private static void requireEmpty(Tdb tdb, String name) {
    // A file that others hold open is not cleared. What they know of its records belongs to a time
    // before this node.
    boolean[] found = new boolean[1];
    tdb.traverseChains(
        (key, value) -> {
          found[0] = true;
          return false;
        });
    if (found[0]) {
      throw new StoreException(
          "database "
              + name
              + " is not empty: "
              + tdb.path()
              + " was not cleared because another process has it open; stop the smbd, winbindd and other Samba processes"
              + " that are left of an earlier run (fuser "
              + tdb.path()
              + " names them)",
          null);
    }
  }

  @Override
  public List<String> persistentNames() {
    String suffix = ".tdb." + Integer.toUnsignedString(pnn);
    try (Stream<Path> files = Files.list(persistentDirectory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(
              file ->
                  file.endsWith(suffix) && file.indexOf(".tdb.") == file.length() - suffix.length())
          .map(file -> file.substring(0, file.length() - suffix.length() + ".tdb".length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new StoreException(
          "persistent databases cannot be listed: " + persistentDirectory + ": " + e, e);
    }
  }

  /** Ends the threads once their databases are closed. Databases are closed by who opened them. */
  @Override
  public void close() {
    workers.close();
  }

  /**
   * Waits, after {@link #close}, until the last file is closed, so that a daemon that starts next
   * finds no lock of this one. Not on the node thread.
   *
   * @return false if a thread still waits for a lock of another process
   */
  public boolean awaitClosed(long timeoutMillis) throws InterruptedException {
    return workers.awaitEnd(timeoutMillis);
  }
}
