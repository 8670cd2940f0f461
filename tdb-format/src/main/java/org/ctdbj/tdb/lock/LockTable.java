// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.util.Objects;
import org.ctdbj.tdb.LockProgress;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * The locks of one handle on a TDB file: what libtdb 1.4 keeps per {@code tdb_context}. The same
 * lock taken again is counted; only the first one and the last unlock reach the kernel. Two handles
 * exclude each other even in one process.
 *
 * <p>For one platform thread at a time; where the file has mutexes, what a thread has locked only
 * that thread can unlock. Calls with {@code wait} return true or throw, block the calling thread
 * and cannot be interrupted; the others return false if another holder is in the way. Every {@link
 * TdbException} has {@link TdbError#LOCK}: a request that the rules of the format refuse, an unlock
 * of what is not locked, or a failed system call. After an exception the table is as before the
 * call.
 *
 * <p>Order, to stay free of deadlocks, which nobody detects: transaction lock, then chain or
 * allrecord lock, then free list; never wait for a second chain. When opening: open lock, active
 * lock, whole data.
 */
public final class LockTable implements AutoCloseable {
  /** The number of the free list where a chain is asked for. */
  public static final int FREE_LIST = -1;

  private final NativeFile file;
  private final boolean noLock;
  private final HeaderLocks header;
  private RecordLocks records;
  private final WholeData whole;
  private final AllRecordLock all;
  private int hashSize;
  private DataLocks data = new NoLocks();
  private ChainLocks chains;
  private PendingRecovery recovery;
  private long unlockedEpochs;

  /**
   * A table without chains, for opening the file: they come with {@link #layOut}.
   *
   * @param noLock every request succeeds and nothing is locked (flag NOLOCK)
   */
  public LockTable(NativeFile file, boolean noLock) {
    this.file = Objects.requireNonNull(file);
    this.noLock = noLock;
    this.header = new HeaderLocks(file, noLock);
    this.chains = new ChainLocks(file, data);
    this.records = new RecordLocks(file);
    this.whole = new WholeData(file, noLock);
    this.all = new AllRecordLock(file.path());
  }

  /**
   * Says what there is to lock, once the header of the file is known.
   *
   * @param hashSize number of chains
   * @param mutexes the file's mutex area, mapped by this handle for itself; null if it has none.
   *     The caller closes it after this table
   * @param recovery asked after the first data lock
   */
  public void layOut(int hashSize, MutexArea mutexes, PendingRecovery recovery) {
    if (hashSize <= 0) {
      throw new IllegalArgumentException("no such hash size: " + hashSize);
    }
    if (!chains.isEmpty() || all.isHeld()) {
      throw new IllegalStateException("data of " + file + " is locked");
    }
    this.hashSize = hashSize;
    var bytes = new ByteLocks(file, hashSize);
    if (noLock) {
      data = new NoLocks();
    } else {
      data = mutexes == null ? bytes : new MutexLocks(mutexes, bytes);
    }
    this.chains = new ChainLocks(file, data);
    this.recovery = Objects.requireNonNull(recovery);
  }

  private TdbException refused(String what) {
    return TdbException.of(TdbError.LOCK, file.path(), what);
  }

  // ---- the bytes before the data ----

  /** Byte 0, exclusive: one opener, committer or recoverer at a time. Waits. */
  public void lockOpen() {
    header.lock(HeaderLocks.OPEN, LockMode.WRITE, true);
  }

  public void unlockOpen() {
    header.unlock(HeaderLocks.OPEN);
  }

  /** Byte 4, exclusive: true if no one who keeps it shared has the file open. */
  public boolean tryLockActive() {
    return header.lock(HeaderLocks.ACTIVE, LockMode.WRITE, false);
  }

  /** Byte 4, shared, for as long as the file is open: this handle uses it. Waits. */
  public void holdActive() {
    header.lock(HeaderLocks.ACTIVE, LockMode.READ, true);
  }

  public void unlockActive() {
    header.unlock(HeaderLocks.ACTIVE);
  }

  /** Byte 8, exclusive: one transaction or write traverse at a time. */
  public boolean lockTransaction(boolean wait) {
    return header.lock(HeaderLocks.TRANSACTION, LockMode.WRITE, wait);
  }

  public void unlockTransaction() {
    header.unlock(HeaderLocks.TRANSACTION);
  }

  /**
   * As if {@link #lockTransaction} had been called, but without locking: another process holds the
   * lock for this handle.
   */
  public void markTransaction() {
    header.mark(HeaderLocks.TRANSACTION);
  }

  /** Undoes one {@link #markTransaction}. */
  public void unmarkTransaction() {
    header.unmark(HeaderLocks.TRANSACTION);
  }

  /**
   * All data including records, exclusive, as fcntl lock also where there are mutexes: for creating
   * a file. Waits. Not counted; the handle holds no chain, allrecord or record lock.
   */
  public void lockWholeData() {
    requireNoData();
    whole.lock();
  }

  /**
   * Locks the free list too, for the repair of a file without mutexes; false if another holder is
   * in chains or records. Only the free list is waited for.
   */
  public boolean tryLockWholeDataAndFreeList() {
    requireNoData();
    return whole.tryLockWithFreeList();
  }

  /** Undoes {@link #lockWholeData} or {@link #tryLockWholeDataAndFreeList}. */
  public void unlockWholeData() {
    requireNoData();
    whole.unlockWithFreeList();
  }

  private void requireNoData() {
    if (!chains.isEmpty() || all.isHeld() || !records.isEmpty()) {
      throw refused("cannot lock or unlock the whole data: this handle holds locks in it");
    }
  }

  // ---- chains and free list ----

  /**
   * Locks a chain, or the free list ({@link #FREE_LIST}). Costs nothing under an allrecord lock
   * that covers it.
   *
   * <p>READ and WRITE of the same chain nest: WRITE inside READ makes the lock exclusive until its
   * last unlock. Readers of a chain exclude each other where the file has mutexes.
   */
  public boolean lockChain(int chain, LockMode mode, boolean wait) {
    requireChain(chain);
    if (all.isHeld()) {
      all.requireCovered(mode);
      return true;
    }
    while (true) {
      boolean first = chains.isEmpty();
      if (!noLock && !chains.lock(ByteLocks.chain(chain), mode, wait)) {
        return false;
      }
      if (!first) {
        return true;
      }
      boolean clean = false;
      try {
        clean = !recovery.isNeeded();
      } finally {
        if (!clean && !noLock) {
          chains.unlock(ByteLocks.chain(chain));
        }
      }
      if (clean) {
        return true;
      }
      whole.recover(this, data, records, recovery);
    }
  }

  /**
   * Whether this handle holds locks under which {@link #lockChain} in that mode would have nothing
   * to do but to count.
   */
  public boolean covers(int chain, LockMode mode) {
    return all.isHeld() ? all.covers(mode) : chains.covers(ByteLocks.chain(chain), mode);
  }

  /** Undoes one {@link #lockChain} of that mode. */
  public void unlockChain(int chain, LockMode mode) {
    if (all.isHeld()) {
      all.requireCovered(mode);
      return;
    }
    if (!noLock) {
      chains.unlock(ByteLocks.chain(chain));
    }
  }

  /**
   * As if {@link #lockChain} had been called for WRITE, but without locking: another process holds
   * the lock for this handle. Counts with real locks of the same chain; does not look for a pending
   * recovery.
   */
  public void markChain(int chain) {
    requireChain(chain);
    if (!noLock) {
      chains.mark(ByteLocks.chain(chain));
    }
  }

  /**
   * Undoes one {@link #markChain}. Refused for the last one if this handle has locked the chain
   * itself.
   */
  public void unmarkChain(int chain) {
    requireChain(chain);
    if (!noLock) {
      chains.unmark(ByteLocks.chain(chain));
    }
  }

  private void requireChain(int chain) {
    if (hashSize == 0 || chain < FREE_LIST || chain >= hashSize) {
      throw new IllegalArgumentException("no chain " + chain + " in " + hashSize);
    }
  }

  // ---- allrecord lock ----

  /**
   * Locks all chains and all records, not the free list of other holders' shared walks (byte 164).
   * Nests with itself in the same mode. Refused while the handle holds any other lock than the
   * active lock. The owner refuses it to handles that are read-only or inside a read traverse.
   */
  public boolean lockAll(LockMode mode, boolean wait) {
    return lockAll(mode, wait, false, DataLocks.GO_ON);
  }

  /**
   * {@link #lockAll(LockMode, boolean)} that waits, chain by chain where it must, and tells how far
   * it has come.
   *
   * @return false if {@code progress} wanted no more: nothing is locked then
   */
  public boolean lockAll(LockMode mode, LockProgress progress) {
    return lockAll(mode, true, false, progress);
  }

  /**
   * Locks all chains and records shared, in a way that {@link #upgradeAll} can make exclusive: the
   * lock of a transaction, which holds the transaction lock already. Inside this handle it counts
   * as exclusive.
   */
  public boolean lockAllUpgradable(boolean wait) {
    return lockAll(LockMode.READ, wait, true, DataLocks.GO_ON);
  }

  private boolean lockAll(LockMode mode, boolean wait, boolean upgradable, LockProgress progress) {
    requireChain(FREE_LIST);
    if (all.nest(mode, upgradable)) {
      return true;
    }
    requireNoExtra(upgradable);
    while (true) {
      if (!data.lockAll(mode, wait, progress)) {
        return false;
      }
      boolean clean = false;
      try {
        clean = !recovery.isNeeded();
      } finally {
        if (!clean) {
          data.unlockAll();
        }
      }
      if (clean) {
        all.taken(mode, upgradable, false);
        return true;
      }
      whole.recover(this, data, records, recovery);
    }
  }

  private void requireNoExtra(boolean inTransaction) {
    if (holdsExtra(inTransaction)) {
      throw refused("cannot take the allrecord lock while this handle holds other locks");
    }
  }

  /**
   * As if {@link #lockAll} had been called for WRITE, but without locking: another process holds
   * the lock for this handle. Refused if a commit has to be rolled back first.
   */
  public void markAll() {
    requireChain(FREE_LIST);
    if (all.nest(LockMode.WRITE, false)) {
      return;
    }
    requireNoExtra(false);
    if (recovery.isNeeded()) {
      throw refused("cannot mark the allrecord lock: an interrupted commit is to be rolled back");
    }
    all.taken(LockMode.WRITE, false, true);
  }

  /**
   * Undoes one {@link #markAll}. Refused for the last one if this handle has locked all records
   * itself.
   */
  public void unmarkAll() {
    all.unmark();
  }

  /** Locks the free list, which an allrecord lock does not keep others from. Does not nest. */
  public void lockFreeListUnderAll() {
    if (!holdsAllExclusive()) {
      throw refused("the allrecord lock is not held exclusively by this handle");
    }
    data.lock(FREE_LIST, LockMode.WRITE, false, true);
  }

  public void unlockFreeListUnderAll() {
    data.unlock(FREE_LIST);
  }

  /**
   * Makes the upgradable allrecord lock exclusive for other holders too. Waits for readers; nobody
   * else can be upgrading, since the caller holds the transaction lock.
   */
  public void upgradeAll() {
    all.upgrade(data);
  }

  /** Undoes one {@link #lockAll}. */
  public void unlockAll(LockMode mode) {
    all.unlock(mode, data);
    if (!all.isHeld()) {
      // The unlock of the whole range has taken these with it.
      records.restore();
    }
  }

  /** Unlocks all records, however often they are locked: a transaction has ended. */
  public void unlockAllEntirely() {
    all.unlockEntirely(data);
    records.restore();
  }

  /**
   * A number that is the same at two moments only if each lock that this handle holds at the second
   * one, and held at the first, was held in between too: what was read under it is still so. Never
   * the same where nothing is locked at all.
   */
  public long epoch() {
    return noLock ? ++unlockedEpochs : chains.takings() + all.takings();
  }

  public boolean holdsAll() {
    return all.isHeld();
  }

  /** Whether writes of this handle are covered by its allrecord lock; an upgradable one counts. */
  public boolean holdsAllExclusive() {
    return all.isExclusive();
  }

  /**
   * Whether the handle holds locks that forbid a transaction or an allrecord lock: any but the
   * active lock.
   *
   * @param inTransaction whether the handle's transaction holds the transaction lock and an
   *     allrecord lock, which do not count then
   */
  public boolean holdsExtra(boolean inTransaction) {
    return header.holdsExtra(inTransaction)
        || !chains.isEmpty()
        || (!inTransaction && all.isHeld());
  }

  // ---- records ----

  /**
   * Shared lock on the byte at a record's offset: a traverse stands there and nobody frees the
   * record. Waits. Nests. Costs nothing under an allrecord lock, and then {@link #unlockRecord}
   * must be called under it too, or {@link #giveUpRecord}.
   *
   * @param offset where the record begins, logical
   */
  public void lockRecord(long offset) {
    requireRecord(offset);
    if (noLock || all.isHeld()) {
      return;
    }
    records.lock(offset);
  }

  /** Undoes one {@link #lockRecord}. */
  public void unlockRecord(long offset) {
    requireRecord(offset);
    if (noLock || all.isHeld()) {
      return;
    }
    if (!records.unlock(offset)) {
      throw refused("record " + offset + " is not locked");
    }
  }

  /** Undoes one {@link #lockRecord}, if there is one that an allrecord lock has not spared. */
  public void giveUpRecord(long offset) {
    if (!noLock && records.holds(offset)) {
      if (all.isLocked()) {
        records.forget(offset);
      } else {
        records.unlock(offset);
      }
    }
  }

  /**
   * Whether a record can be freed: no traverse stands on it, of this handle or another. The caller
   * holds the record's chain exclusively, so none can come to stand on it.
   */
  public boolean probeRecord(long offset) {
    requireRecord(offset);
    if (noLock) {
      return true;
    }
    if (all.isHeld()) {
      return all.isExclusive();
    }
    return records.probe(offset);
  }

  private void requireRecord(long offset) {
    if (offset < ByteLocks.chain(hashSize) + 4) {
      throw new IllegalArgumentException("no record can be at offset " + offset);
    }
  }

  /**
   * Gives up every lock but the active one, whatever its count: for a handle whose owner lost track
   * in a failure. Where there are mutexes, by the thread that holds them. Each is tried, and is
   * forgotten by this table, even if the unlock of another one fails.
   */
  public void releaseAllButActive() {
    var release = new ReleaseSequence();
    if (all.isHeld()) {
      all.giveUp(release, data);
      release.run(whole::unlock);
    }
    release.run(records::releaseAll);
    chains.giveUpAll(release);
    header.giveUpAllBut(HeaderLocks.ACTIVE, release);
    release.end();
  }

  /** {@link #releaseAllButActive} that does not believe what has been counted. */
  public void abandon() {
    all.forget();
    chains = new ChainLocks(file, data);
    records = new RecordLocks(file);
    var release = new ReleaseSequence().run(data::abandon);
    release.run(() -> file.unlock(0, HeaderLocks.ACTIVE));
    release.run(() -> file.unlock(HeaderLocks.ACTIVE + 1, 0));
    header.giveUpAllBut(HeaderLocks.ACTIVE, release);
    release.end();
  }

  /** Gives up all locks. The file and the mutex area can be closed then. */
  @Override
  public void close() {
    var release = new ReleaseSequence().run(this::releaseAllButActive);
    header.giveUpAllBut(-1, release);
    release.end();
  }
}
