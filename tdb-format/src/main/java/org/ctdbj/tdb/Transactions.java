// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/** The transaction that is open on a handle, if one is, and what starts and ends it. */
final class Transactions {
  private final LockCalls calls;
  private final TdbState state;
  private final FreeList freeList;
  private final RecordStore store;
  private Transaction transaction;

  Transactions(LockCalls calls, FreeList freeList, RecordStore store) {
    this.calls = calls;
    this.state = calls.state;
    this.freeList = freeList;
    this.store = store;
  }

  boolean isOpen() {
    return transaction != null;
  }

  void start() {
    begin(true);
  }

  /** False if another holder has a transaction open. */
  boolean tryStart() {
    begin(false);
    return transaction != null;
  }

  private void begin(boolean wait) {
    state.requireNoBulkLoad();
    if (transaction != null) {
      transaction.nest();
    } else {
      transaction = Transaction.start(state, freeList, wait);
    }
  }

  void prepare() {
    var current = current();
    try {
      if (current.isNested()) {
        current.prepareNested();
      } else {
        current.prepare();
      }
    } finally {
      forgetIfEnded();
    }
  }

  void commit() {
    boolean repack = false;
    try {
      if (!current().endNested(false)) {
        repack = transaction.commit();
      }
    } finally {
      forgetIfEnded();
    }
    if (repack) {
      try {
        repack();
      } catch (TdbException _) {
        // The commit stands and its caller must not take it for failed. Repacking is only tidying
        // up: it has been undone, and damage that stopped it will stop the next access too.
      }
    }
  }

  void cancel() {
    try {
      if (!current().endNested(true)) {
        transaction.cancel();
      }
    } finally {
      forgetIfEnded();
    }
  }

  /** Ends whatever is open, also inner transactions. */
  void cancelAll() {
    if (transaction != null) {
      try {
        transaction.cancel();
      } finally {
        transaction = null;
      }
    }
  }

  /** Forgets whatever is open: neither its locks nor the file can be trusted. */
  void abandon() {
    transaction = null;
    state.io = state.file;
  }

  void repack() {
    start();
    try {
      Repack.run(calls, freeList, store);
    } catch (RuntimeException | InternalError e) {
      try {
        cancel();
      } catch (TdbException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    commit();
  }

  private Transaction current() {
    state.requireNoBulkLoad();
    if (transaction == null) {
      throw TdbException.of(TdbError.EINVAL, state.path, "no transaction is open");
    }
    return transaction;
  }

  private void forgetIfEnded() {
    if (transaction != null && transaction.hasEnded()) {
      transaction = null;
    }
  }
}
