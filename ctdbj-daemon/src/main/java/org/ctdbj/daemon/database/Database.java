// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.database;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.daemon.record.RecordEngine;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.DatabaseStore.FreezeState;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.tdb.TdbHash;

/**
 * One attached database: its file, its engine, and where the present recovery is with it. Node
 * thread.
 */
final class Database {
  private final String name;
  private final int id;
  private final DatabaseStore store;
  private final RecordEngine engine;
  private final List<Runnable> onDetach = new ArrayList<>();

  /**
   * What the file holds is from a time when this node was not part of the cluster: a recovery must
   * not see it.
   */
  private boolean invalid;

  private boolean transactionStarted;
  private int transactionId;
  private int transactionCount;

  Database(String name, DatabaseStore store, RecordEngine engine) {
    this.name = name;
    this.id = idOf(name);
    this.store = store;
    this.engine = engine;
  }

  /**
   * The number by which a database is known: Jenkins' hash of the name with its terminator, as in
   * ctdbd.
   */
  static int idOf(String name) {
    byte[] bytes = Bytes.ofTerminated(name).toByteArray();
    return TdbHash.jenkins(bytes, 0, bytes.length);
  }

  String name() {
    return name;
  }

  int id() {
    return id;
  }

  DatabaseStore store() {
    return store;
  }

  RecordEngine engine() {
    return engine;
  }

  int flags() {
    return engine.flags();
  }

  boolean isVolatile() {
    return DatabaseFlags.isVolatile(engine.flags());
  }

  boolean isPersistent() {
    return (engine.flags() & DatabaseFlags.PERSISTENT) != 0;
  }

  boolean isFrozen() {
    return store.freezeState() == FreezeState.FROZEN;
  }

  boolean isInvalid() {
    return invalid;
  }

  /** Nothing in the file counts until the next thaw. Ignored unless the database is volatile. */
  void invalidate() {
    invalid = isVolatile();
  }

  /** Frozen, and with an open transaction. */
  boolean inTransaction() {
    return isFrozen() && transactionStarted;
  }

  /** Frozen, and with an open transaction of this id. */
  boolean inTransaction(int wantedId) {
    return inTransaction() && transactionId == wantedId;
  }

  /** A transaction is being started; returns the number with which {@link #started} confirms it. */
  int starting(int newId) {
    transactionStarted = false;
    transactionId = newId;
    return ++transactionCount;
  }

  /** The start has succeeded; false if it has been overtaken. */
  boolean started(int count) {
    if (count == transactionCount && isFrozen()) {
      transactionStarted = true;
      return true;
    }
    return false;
  }

  /** There is no transaction any more. */
  void transactionEnded() {
    transactionStarted = false;
    transactionCount++;
  }

  /** Gives the file free and lets calls go on. */
  void thaw() {
    transactionEnded();
    invalid = false;
    store.thaw();
    engine.resendPendingCalls();
  }

  /** Is run when the database is detached. */
  void onDetach(Runnable task) {
    onDetach.add(task);
  }

  /** Undoes {@link #onDetach}. */
  void notOnDetach(Runnable task) {
    onDetach.remove(task);
  }

  /**
   * Ends everything that has to do with the database and closes its file, which stays on the disk.
   */
  void close() {
    List.copyOf(onDetach).forEach(Runnable::run);
    onDetach.clear();
    engine.close();
    store.close();
  }

  @Override
  public String toString() {
    return name;
  }
}
