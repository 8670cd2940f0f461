// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.ctdbj.tdb.os.LateFault;

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
 * TdbError#IO}; if the call came upon a page that is gone, the handle has given up all its locks
 * and its transaction then, every further call fails likewise and an unlock does nothing: all that
 * is left is to close it.
 *
 * <p>Keys and values are any bytes, also none. Offsets and lengths found in the file are checked
 * before they are used.
 */
public final class Tdb extends LockCalls implements AutoCloseable {
  private final TdbOpener.Opened opened;
  private final FreeList freeList;
  private final RecordStore store;
  private final LockedRecords records;
  private final Cursor cursor;
  private final Transactions transactions;
  private boolean closed;

  private Tdb(TdbOpener.Opened opened, FreeList freeList, RecordStore store) {
    super(opened.state(), new WholeDatabase(opened.state(), store));
    this.opened = opened;
    this.freeList = freeList;
    this.store = store;
    this.records = new LockedRecords(state, store);
    this.cursor = new Cursor(state, store);
    this.transactions = new Transactions(this, freeList, store);
  }

  private static Tdb of(TdbOpener.Opened opened) {
    var freeList = new FreeList(opened.state());
    return new Tdb(opened, freeList, new RecordStore(opened.state(), freeList));
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
    return open(path, options, UnaryOperator.identity());
  }

  /**
   * As {@link #open(Path, TdbOptions)}; all that happens behind the header of the file goes through
   * what {@code layer} makes of it, the rollback of an interrupted commit included.
   */
  static Tdb open(Path path, TdbOptions options, UnaryOperator<FileIo> layer) {
    return of(TdbOpener.open(path, options, layer));
  }

  /**
   * A new database in memory ({@link TdbFlag#INTERNAL}): one handle, no locks, no transactions,
   * gone when it is closed.
   *
   * @param name what exceptions call it
   * @param hashSize number of hash chains
   */
  public static Tdb inMemory(String name, int hashSize) {
    return open(Path.of(name), TdbOptions.of(TdbFlag.INTERNAL).withHashSize(hashSize));
  }

  /**
   * Opens the same file once more: a further lock holder, with the flags this one has now. The file
   * is never wiped; the shared lock that keeps others from wiping it is taken if this handle has
   * it.
   */
  public Tdb reopen() {
    return of(opened.reopen(state.flags, state.maxDead));
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

  /** The value of {@code key}, null if there is none. */
  public byte[] fetch(byte[] key) {
    try {
      var result = records.fetch(key);
      LateFault.deliver();
      return result;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
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
      var result = records.parse(key, f);
      LateFault.deliver();
      return result;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  public boolean exists(byte[] key) {
    try {
      var result = records.exists(key);
      LateFault.deliver();
      return result;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
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
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
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

  /**
   * Starts to fill this database, which must be empty, with many records: faster than stores, the
   * same file. Waits for a write lock of all records; see {@link BulkLoad}.
   *
   * @throws TdbException {@link TdbError#EINVAL} if there are records, {@link TdbError#LOCK} if
   *     this handle holds single chains, {@link TdbError#RDONLY} if it is read-only
   */
  public BulkLoad bulkLoad() {
    return guarded(() -> BulkLoad.start(this, freeList, store));
  }

  /** Removes a record; false if there is none. */
  public boolean delete(byte[] key) {
    try {
      var result = records.delete(key);
      LateFault.deliver();
      return result;
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /** Adds {@code data} to the end of the value; creates the record if there is none. */
  public void append(byte[] key, byte[] data) {
    try {
      records.append(key, data);
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    }
  }

  /**
   * Visits all records; the visitor may store and delete. Excludes transactions and other such
   * traverses.
   *
   * <p>A traverse and another holder's {@link #lockAll} can deadlock, and in a file with mutexes a
   * traverse and a commit; use {@link #traverseChains} where that may happen. With libtdb it is the
   * same in files with mutexes; in others the kernel fails one of two libtdb processes, but sees no
   * deadlock in which a handle of this library takes part.
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

  /**
   * The first key of the database, null if it is empty; starts a walk with {@link #nextKey}. Until
   * the walk has moved on, or ended, the record is kept in its chain: this handle can delete it and
   * still go on from it. A handle has one such position. It can deadlock with another holder's
   * {@link #lockAll}, as {@link #traverse} can.
   */
  public byte[] firstKey() {
    return guarded(cursor::first);
  }

  /**
   * The key that follows {@code key}; null after the last one, and if {@code key} is neither in the
   * database nor where the walk stands.
   */
  public byte[] nextKey(byte[] key) {
    return guarded(() -> cursor.next(key));
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
   * <p>The handle must hold no lock ({@link TdbError#LOCK}), or the exclusive allrecord lock: then,
   * unlike with libtdb, nothing more is locked and {@link #lockAll} stays in force after the
   * transaction. It must be writable and a file ({@link TdbError#EINVAL}), and in no traverse.
   */
  public void transactionStart() {
    run(transactions::start);
  }

  /**
   * {@link #transactionStart} that does not wait for another holder's transaction.
   *
   * @return false if there is one
   */
  public boolean tryTransactionStart() {
    return guarded(transactions::tryStart);
  }

  /**
   * Does all of a commit that can fail for want of space. After it only {@link #transactionCommit}
   * and {@link #transactionCancel} are possible: a write fails, and the commit after it too. A
   * failure cancels the transaction, also the failure ({@link TdbError#EINVAL}) of doing this
   * twice. Inside an inner transaction it does nothing.
   */
  public void transactionPrepareCommit() {
    run(transactions::prepare);
  }

  /**
   * Makes the transaction permanent. A failure cancels it; the file then has its old contents. Of
   * an inner transaction: leaves the rest to the outer one, or fails with {@link TdbError#IO} if an
   * inner one was cancelled before, and has ended in both cases.
   */
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

  /**
   * The text that libtdb 1.4.8's {@code tdb_summary} and {@code tdbtool info} give about the file;
   * {@link #statistics} has the numbers. Locked as in {@link #check}, but damage is thrown.
   */
  public String summary() {
    return statistics().toString();
  }

  /** How the file's space is used; locked as in {@link #check}, but damage is thrown. */
  public Statistics statistics() {
    return guarded(whole::statistics);
  }

  /**
   * Shows what looks like a record anywhere in a damaged file, ordered by length of the key, then
   * key; also old contents, and several records of one key, can be among it. Finds the same records
   * as libtdb 1.4's {@code tdb_rescue}. Damage is never thrown. Locked as in {@link #check}; this
   * handle refuses to write meanwhile.
   *
   * @return number of records shown
   * @throws TdbException if the file cannot be locked or read
   */
  public long rescue(RecordVisitor visitor) {
    return guarded(() -> whole.rescue(visitor));
  }

  /**
   * Lets {@code progress} know how far {@link #check}, {@link #info}, {@link #statistics}, {@link
   * #summary}, {@link #rescue} and {@link #repack} of this handle are: once or several times from 0
   * up. Its exceptions end the call.
   *
   * @param progress null for nobody
   */
  public void onProgress(WorkProgress progress) {
    state.progress = progress;
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
      LateFault.deliver();
    } catch (RuntimeException | InternalError e) {
      throw failure(e);
    } finally {
      opened.close();
    }
  }

  @Override
  void abandonTransaction() {
    transactions.abandon();
  }
}
