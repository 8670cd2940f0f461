// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.ctdbj.tdb.os.LockMode;

/**
 * An open TDB file, shared live with other handles and with C processes that use libtdb.
 *
 * <p>A handle is <em>one lock holder</em>: it has its own open file description, its locks exclude
 * those of other handles, in this process or another, and never its own. It is used by one platform
 * thread at a time; in a file with mutexes a lock must be given back by the thread that took it.
 * Locks nest: each lock call needs its unlock. Calls on single records take the lock they need for
 * their own duration, unless the handle holds it already.
 *
 * <p>Failures are {@link TdbException}. A file that others truncate under the handle gives {@link
 * TdbError#IO}.
 *
 * <p>Keys and values are any bytes, also none. Offsets and lengths found in the file are checked
 * before they are used.
 */
public final class Tdb implements AutoCloseable {
  private final TdbState state;
  private final TdbOpener.Opened opened;
  private final FreeList freeList;
  private final LockedRecords records;
  private final WholeDatabase whole;
  private final Transactions transactions;
  private boolean closed;

  private Tdb(TdbOpener.Opened opened) {
    this.opened = opened;
    this.state = opened.state();
    this.freeList = new FreeList(state);
    var store = new RecordStore(state, freeList);
    this.records = new LockedRecords(state, store);
    this.whole = new WholeDatabase(state, store);
    this.transactions = new Transactions(state, freeList, store);
  }

  /**
   * Opens a file. A commit that was interrupted is rolled back.
   *
   * <p>Differs from libtdb on purpose: with {@code create}, a file that has bytes but is no TDB
   * file is refused, not overwritten, unless {@link TdbFlag#CLEAR_IF_FIRST} asks for a wipe and
   * nobody else has the file open with that flag.
   *
   * <p>Blocks while another opener or a commit is at work.
   *
   * @throws TdbException if the file cannot be opened or is no TDB file; the message says what was
   *     expected where
   */
  public static Tdb open(Path path, TdbOptions options) {
    return new Tdb(TdbOpener.open(path, options));
  }

  /**
   * Opens the same file once more: a further lock holder, with the flags this one has now. The file
   * is never wiped; the shared lock that keeps others from wiping it is taken if this handle has
   * it.
   */
  public Tdb reopen() {
    return new Tdb(opened.reopen(state.flags, state.maxDead));
  }

  public Path path() {
    return state.path;
  }

  /** The flags as libtdb's {@code tdb_get_flags} would report them: bits of {@link TdbFlag}. */
  public int flags() {
    return state.flags;
  }

  /** Number of hash chains. */
  public int hashSize() {
    return state.hashSize;
  }

  /** Whether chain locks are robust mutexes inside the file. */
  public boolean usesMutexes() {
    return opened.usesMutexes();
  }

  /** Logical size of the file in bytes, without a mutex area. */
  public long size() {
    return guarded(
        () -> {
          state.io.refresh();
          return state.io.size();
        });
  }

  /** The hash chain that a key belongs to, 0 to {@link #hashSize()} - 1. Takes no lock. */
  public int chainOf(byte[] key) {
    return state.chainOfKey(key);
  }

  /** Write-locks the chain of {@code key} if that is possible at once. */
  public boolean tryLockChain(byte[] key) {
    try {
      return state.locks.tryLockChain(chainOf(key));
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /**
   * Write-locks the chain of {@code key}. The caller holds no other chain, or deadlocks with one
   * who holds this one.
   */
  public void lockChain(byte[] key) {
    try {
      state.locks.lockChain(chainOf(key));
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  public void unlockChain(byte[] key) {
    try {
      state.locks.unlockChain(chainOf(key));
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /**
   * Read-locks the chain of {@code key} if that is possible at once. In a file with mutexes readers
   * exclude each other.
   */
  public boolean tryLockChainRead(byte[] key) {
    try {
      return state.locks.tryLockChainRead(chainOf(key));
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  public void lockChainRead(byte[] key) {
    try {
      state.locks.lockChainRead(chainOf(key));
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  public void unlockChainRead(byte[] key) {
    try {
      state.locks.unlockChainRead(chainOf(key));
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /** Write-locks the whole database if that is possible at once. The handle must hold no chain. */
  public boolean tryLockAll() {
    try {
      return whole.lock(LockMode.WRITE, false);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /** Write-locks the whole database. The handle must hold no chain. */
  public void lockAll() {
    try {
      whole.lock(LockMode.WRITE, true);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  public void unlockAll() {
    try {
      whole.unlock(LockMode.WRITE);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  public boolean tryLockAllRead() {
    return guarded(() -> whole.lock(LockMode.READ, false));
  }

  public void lockAllRead() {
    run(() -> whole.lock(LockMode.READ, true));
  }

  public void unlockAllRead() {
    run(() -> whole.unlock(LockMode.READ));
  }

  /** The value of {@code key}, null if there is none. */
  public byte[] fetch(byte[] key) {
    try {
      return records.fetch(key);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /**
   * Shows the value of {@code key} to {@code f} without copying it, under the chain's read lock.
   *
   * @param f gets a read-only view that is valid during the call only; it must not use this handle
   * @return what {@code f} returns, or null if there is no such key
   */
  public <R> R parse(byte[] key, Function<MemorySegment, R> f) {
    try {
      return records.parse(key, f);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  public boolean exists(byte[] key) {
    try {
      return records.exists(key);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /**
   * Stores the concatenation of {@code parts}, without putting them together first.
   *
   * <p>A failure for want of space leaves the old value as it was.
   *
   * @throws TdbException {@link TdbError#EXISTS} or {@link TdbError#NOEXIST} as {@code mode}
   *     demands, {@link TdbError#IO} if the disk is full, {@link TdbError#OOM} if the file is
   */
  public void store(byte[] key, StoreMode mode, MemorySegment... parts) {
    try {
      records.store(key, mode, parts);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /** Creates or overwrites; see {@link #store(byte[], StoreMode, MemorySegment...)}. */
  public void store(byte[] key, byte[]... parts) {
    var segments = new MemorySegment[parts.length];
    for (int i = 0; i < parts.length; i++) {
      segments[i] = MemorySegment.ofArray(parts[i]);
    }
    store(key, StoreMode.REPLACE, segments);
  }

  /** Removes a record; false if there is none. */
  public boolean delete(byte[] key) {
    try {
      return records.delete(key);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /** Adds {@code data} to the end of the value; creates the record if there is none. */
  public void append(byte[] key, byte[] data) {
    try {
      records.append(key, data);
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  /**
   * Visits all records; the visitor may store and delete. Excludes transactions and other such
   * traverses.
   *
   * <p>In a file with mutexes a traverse and another holder's {@link #lockAll} can deadlock (as
   * with libtdb); use {@link #traverseChains} where that may happen.
   *
   * @return number of records visited
   */
  public long traverse(RecordVisitor visitor) {
    return guarded(() -> new Traverse(state).writing(visitor, transactions.isOpen()));
  }

  /**
   * Visits all records; this handle refuses to write meanwhile. No chain is locked while the
   * visitor runs: it sees each record as it was when its chain was read, at most 64 records
   * earlier.
   *
   * @return number of records visited
   */
  public long traverseRead(RecordVisitor visitor) {
    return guarded(() -> new Traverse(state).reading(visitor));
  }

  /**
   * Visits all records, each chain under its read lock, the visitor included; takes no record
   * locks, so it cannot deadlock with a lockall. The visitor must be quick and must not use this
   * handle.
   *
   * @return number of records visited
   */
  public long traverseChains(RecordVisitor visitor) {
    return guarded(() -> new Traverse(state).chainwise(visitor));
  }

  /**
   * {@link #traverseChains} for one chain, for callers that want to do other things in between.
   *
   * @param chain 0 to {@link #hashSize()} - 1
   * @return number of records visited
   */
  public long traverseChain(int chain, RecordVisitor visitor) {
    Objects.checkIndex(chain, state.hashSize);
    return guarded(() -> new Traverse(state).oneChain(chain, visitor));
  }

  /** Removes all records. The file keeps its size. */
  public void wipe() {
    run(whole::wipe);
  }

  /** Number of records on the free list. Joins neighbours on the way. */
  public int freeListSize() {
    return guarded(freeList::size);
  }

  /** Rewrites all records in a transaction, so that the free space is in one piece. */
  public void repack() {
    run(transactions::repack);
  }

  /**
   * Sets how many dead records a delete of this handle leaves in a chain for the next store to use.
   *
   * @throws IllegalArgumentException if negative
   */
  public void setMaxDead(int n) {
    if (n < 0) {
      throw new IllegalArgumentException("maxDead must not be negative: " + n);
    }
    state.maxDead = n;
  }

  /**
   * The header's count of changes; handles without {@link TdbFlag#SEQNUM} do not count theirs.
   * Wraps around.
   */
  public int sequenceNumber() {
    return guarded(() -> state.io.sequenceNumber());
  }

  /**
   * From now on changes of this handle are counted; {@link #flags} then has {@link TdbFlag#SEQNUM}.
   */
  public void enableSequenceNumber() {
    state.flags |= TdbFlag.SEQNUM.bit();
  }

  /** Counts one change, if this handle counts. */
  public void incrementSequenceNumber() {
    run(state::changedAsWhole);
  }

  /**
   * Starts a transaction: nothing is written to the file until {@link #transactionCommit}. Blocks
   * while another holder has one open. Inside a transaction, starts another or, without {@link
   * TdbFlag#ALLOW_NESTING}, fails with {@link TdbError#NESTING}.
   *
   * <p>The handle must hold no lock, or the exclusive allrecord lock: then nothing more is locked
   * and {@link #lockAll} stays in force after the transaction.
   */
  public void transactionStart() {
    run(transactions::start);
  }

  /**
   * Does all of a commit that can fail for want of space. After it only {@link #transactionCommit}
   * and {@link #transactionCancel} are possible. A failure cancels the transaction.
   */
  public void transactionPrepareCommit() {
    run(transactions::prepare);
  }

  /** Makes the transaction permanent. A failure cancels it; the file then has its old contents. */
  public void transactionCommit() {
    run(transactions::commit);
  }

  /**
   * Drops the changes since {@link #transactionStart}. Of an inner transaction: the outer one can
   * no longer commit.
   */
  public void transactionCancel() {
    run(transactions::cancel);
  }

  public boolean inTransaction() {
    return transactions.isOpen();
  }

  /**
   * Checks the whole file under the allrecord read lock. Damage is reported, not thrown.
   *
   * @throws TdbException if the file cannot be locked or read
   */
  public CheckReport check() {
    return guarded(whole::check);
  }

  /** What the file is and holds; locked as in {@link #check}, but damage is thrown. */
  public FileInfo info() {
    return guarded(whole::info);
  }

  /** For tests of crashes: {@code observer} is called when the file has been synced. */
  void observeSyncs(Runnable observer) {
    state.file.observeSyncs(observer);
  }

  /** Cancels a transaction that is open, drops all locks and closes the file. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      transactions.cancelAll();
    } finally {
      opened.close();
    }
  }

  private <R> R guarded(Supplier<R> call) {
    try {
      return call.get();
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }

  private void run(Runnable call) {
    try {
      call.run();
    } catch (InternalError e) {
      throw state.damaged(e);
    }
  }
}
