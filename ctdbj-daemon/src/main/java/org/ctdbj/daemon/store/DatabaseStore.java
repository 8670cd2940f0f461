// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;

/**
 * The records of one database on this node. smbd processes work in the same file at the same time,
 * so nothing may be remembered about a record once its chain lock is released.
 *
 * <p>All methods are called on the node thread and none of them blocks on a lock or a disk sync.
 * Callbacks come on the node thread, never inside the call, exactly once.
 *
 * <p>Three states: open (record methods work), freezing (a thread waits for the lock on the whole
 * file), frozen. In the last two {@link #tryLock} fails and {@link #lockLater} waits for the thaw,
 * except that in the second a lock may still be had.
 */
public interface DatabaseStore extends AutoCloseable {
  /** State of the lock on the whole file. */
  enum FreezeState {
    OPEN,
    FREEZING,
    FROZEN
  }

  // ---- the file

  /** Absolute path of the file, as GETDBPATH gives it. */
  Path path();

  /** Flags with which others have to open the file, as DB_OPEN_FLAGS gives them. */
  int openFlags();

  /** Closes the file and ends its threads; waiting {@link #lockLater} tasks never run. */
  @Override
  void close();

  // ---- single records

  /**
   * Takes the write lock of the key's hash chain if nobody else has it; nests. Every true needs one
   * {@link #unlock} in the same piece of work: no lock is held when the node thread goes on to the
   * next event.
   *
   * @throws StoreException if the lock cannot be had for another reason than that somebody holds it
   */
  boolean tryLock(RecordKey key);

  /** Undoes one {@link #tryLock}. */
  void unlock(RecordKey key);

  /**
   * Waits, aside from the node thread, until the chain's lock can be had, then runs the task once
   * with {@link #tryLock} sure to succeed in it; tasks for one chain run in the order in which they
   * came. Any number may wait, for any time: the wait of one never delays that of another chain.
   */
  void lockLater(RecordKey key, Runnable task);

  /**
   * The record, or null if there is none or it is shorter than a header. Its chain is locked.
   *
   * @throws StoreException if the file is damaged there
   */
  StoredRecord fetch(RecordKey key);

  /** Writes a record, whatever was there. Its chain is locked. */
  void store(RecordKey key, RecordHeader header, Bytes data);

  /** Removes a record; nothing happens if there is none. Its chain is locked. */
  void delete(RecordKey key);

  // ---- the TDB sequence number

  /** Every later change of the file raises its sequence number; {@link #openFlags} shows it. */
  void enableSequenceNumber();

  /** The file's sequence number. */
  int sequenceNumber();

  /** Raises the file's sequence number by one. */
  void incrementSequenceNumber();

  // ---- the whole database

  /** Where the freeze is. */
  FreezeState freezeState();

  /**
   * Takes the lock on the whole file and keeps it. Answers when it is held, at once if it is; may
   * take as long as another process holds one of its chains.
   */
  void freeze(Consumer<StoreResult<Void>> done);

  /**
   * Gives up the lock on the whole file or the wait for it, cancels an open transaction, then runs
   * what {@link #lockLater} kept.
   */
  void thaw();

  /** Starts a transaction in the frozen database; cancels one that is open. */
  void transactionStart(Consumer<StoreResult<Void>> done);

  /** Empties the database inside the transaction. */
  void wipe(Consumer<StoreResult<Void>> done);

  /** Makes the transaction's changes last. */
  void transactionCommit(Consumer<StoreResult<Void>> done);

  /** Drops the transaction's changes. */
  void transactionCancel(Consumer<StoreResult<Void>> done);

  /**
   * Reads all records of the frozen database inside its transaction.
   *
   * @param batchBytes a batch ends with the record that makes it this large
   * @param done gets the number of records, after the last batch
   */
  void pull(int batchBytes, RecordSink sink, Consumer<StoreResult<Integer>> done);

  /**
   * Stores records inside the transaction of the frozen database by a rule.
   *
   * @param done gets how many were stored
   */
  void push(List<RecordData> records, StoreRule rule, Consumer<StoreResult<Integer>> done);

  /**
   * Reads the value of one record of the database, inside its transaction if it is frozen with one,
   * else under the chain's lock; null if there is none.
   */
  void read(RecordKey key, Consumer<StoreResult<StoredRecord>> done);

  /**
   * Reads all records while others go on working in the file, chain by chain, so that it never
   * deadlocks with a freeze.
   *
   * @param filter which records are wanted; called on a worker thread
   * @return runnable that ends the traverse early; {@code done} comes all the same
   */
  Runnable traverse(
      int batchBytes, RecordFilter filter, RecordSink sink, Consumer<StoreResult<Integer>> done);

  /**
   * UPDATE_RECORD: stores all records in one transaction, or none. A record whose stored sequence
   * number is not lower than the new one fails the whole unless the data are equal. The file is
   * synced before the answer if it is persistent.
   *
   * @param onlyExisting skip records that the file does not have
   */
  void update(
      List<RecordData> records,
      boolean onlyExisting,
      StoreRule rule,
      Consumer<StoreResult<Void>> done);

  /** Chooses records. */
  @FunctionalInterface
  interface RecordFilter {
    /** Whether a record is wanted. */
    boolean wants(RecordHeader header, int dataLength);
  }
}
