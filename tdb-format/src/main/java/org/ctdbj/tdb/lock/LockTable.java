// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.util.Objects;
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

  static final long OPEN_LOCK = 0;
  static final long ACTIVE_LOCK = 4;
  static final long TRANSACTION_LOCK = 8;

  private final NativeFile file;
  private final boolean noLock;
  private final HeldLocks held = new HeldLocks();
  private final RecordLocks records;
  private final WholeData whole;
  private int hashSize;
  private DataLocks data = new NoLocks();
  private PendingRecovery recovery;
  private int dataLocks;
  private LockMode allMode;
  private int allCount;
  private boolean allUpgradable;

  /**
   * A table without chains, for opening the file: they come with {@link #layOut}.
   *
   * @param noLock every request succeeds and nothing is locked (flag NOLOCK)
   */
  public LockTable(NativeFile file, boolean noLock) {
    this.file = Objects.requireNonNull(file);
    this.noLock = noLock;
    this.records = new RecordLocks(file);
    this.whole = new WholeData(file, noLock);
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
    if (dataLocks != 0 || allCount != 0) {
      throw new IllegalStateException("data of " + file + " is locked");
    }
    this.hashSize = hashSize;
    var bytes = new ByteLocks(file, hashSize);
    if (noLock) {
      data = new NoLocks();
    } else {
      data = mutexes == null ? bytes : new MutexLocks(mutexes, bytes);
    }
    this.recovery = Objects.requireNonNull(recovery);
  }

  private TdbException refused(String what) {
    return TdbException.of(TdbError.LOCK, file.path(), what);
  }

  private boolean lockBytes(LockMode mode, long offset, long length, boolean wait) {
    return noLock || file.lock(mode, offset, length, wait);
  }

  private void unlockBytes(long offset, long length) {
    if (!noLock) {
      file.unlock(offset, length);
    }
  }

  // ---- the bytes before the data ----

  /** Byte 0, exclusive: one opener, committer or recoverer at a time. Waits. */
  public void lockOpen() {
    nest(OPEN_LOCK, LockMode.WRITE, true);
  }

  public void unlockOpen() {
    unnest(OPEN_LOCK, "the open lock");
  }

  /** Byte 4, exclusive: true if no one who keeps it shared has the file open. */
  public boolean tryLockActive() {
    return nest(ACTIVE_LOCK, LockMode.WRITE, false);
  }

  /** Byte 4, shared, for as long as the file is open: this handle uses it. Waits. */
  public void holdActive() {
    nest(ACTIVE_LOCK, LockMode.READ, true);
  }

  public void unlockActive() {
    unnest(ACTIVE_LOCK, "the active lock");
  }

  /** Byte 8, exclusive: one transaction or write traverse at a time. */
  public boolean lockTransaction(boolean wait) {
    return nest(TRANSACTION_LOCK, LockMode.WRITE, wait);
  }

  public void unlockTransaction() {
    unnest(TRANSACTION_LOCK, "the transaction lock");
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
    if (dataLocks != 0 || allCount != 0 || !records.isEmpty()) {
      throw refused("cannot lock or unlock the whole data: this handle holds locks in it");
    }
  }

  private boolean nest(long offset, LockMode mode, boolean wait) {
    int i = held.find(offset);
    boolean covered = noLock || (i >= 0 && held.mode(i).covers(mode));
    if (!covered && !lockBytes(mode, offset, 1, wait)) {
      return false;
    }
    if (!noLock) {
      held.count(offset, mode);
    }
    return true;
  }

  private void unnest(long offset, String what) {
    if (noLock) {
      return;
    }
    int i = held.find(offset);
    if (i < 0) {
      throw refused(what + " is not held by this handle");
    }
    if (held.count(i) == 1) {
      unlockBytes(offset, 1);
    }
    held.decrement(i);
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
    if (hashSize == 0 || chain < FREE_LIST || chain >= hashSize) {
      throw new IllegalArgumentException("no chain " + chain + " in " + hashSize);
    }
    if (allCount != 0) {
      requireCovered(mode);
      return true;
    }
    while (true) {
      boolean first = dataLocks == 0;
      if (!nestChain(chain, mode, wait)) {
        return false;
      }
      if (!first) {
        return true;
      }
      boolean clean = false;
      try {
        clean = !recovery.isNeeded();
      } finally {
        if (!clean) {
          unnestChain(chain);
        }
      }
      if (clean) {
        return true;
      }
      whole.recover(this, data, records, recovery);
    }
  }

  private void requireCovered(LockMode mode) {
    if (!allMode.covers(mode)) {
      throw refused("cannot lock a chain for writing under a shared allrecord lock");
    }
  }

  private boolean nestChain(int chain, LockMode mode, boolean wait) {
    if (noLock) {
      return true;
    }
    long offset = ByteLocks.chain(chain);
    int i = held.find(offset);
    if (i < 0) {
      if (!DataLocks.lock(data, chain, mode, dataLocks != 0 && holdsChain(), wait)) {
        return false;
      }
      dataLocks++;
      held.add(offset, mode);
      return true;
    }
    if (!held.mode(i).covers(mode) && !data.promote(chain, wait)) {
      return false;
    }
    held.increment(i, mode);
    return true;
  }

  private boolean holdsChain() {
    return dataLocks > (held.find(ByteLocks.chain(FREE_LIST)) < 0 ? 0 : 1);
  }

  /** Undoes one {@link #lockChain} of that mode. */
  public void unlockChain(int chain, LockMode mode) {
    if (allCount != 0) {
      requireCovered(mode);
      return;
    }
    unnestChain(chain);
  }

  private void unnestChain(int chain) {
    if (noLock) {
      return;
    }
    long offset = ByteLocks.chain(chain);
    int i = held.find(offset);
    if (i < 0) {
      throw refused(
          chain == FREE_LIST ? "the free list is not locked" : "chain " + chain + " is not locked");
    }
    if (held.count(i) == 1) {
      DataLocks.unlock(data, chain);
      dataLocks--;
    }
    held.decrement(i);
  }

  // ---- allrecord lock ----

  /**
   * Locks all chains and all records, not the free list of other holders' shared walks (byte 164).
   * Nests with itself in the same mode. Refused while the handle holds any other lock than the
   * active lock. The owner refuses it to handles that are read-only or inside a read traverse.
   */
  public boolean lockAll(LockMode mode, boolean wait) {
    return lockAll(mode, wait, false);
  }

  /**
   * Locks all chains and records shared, in a way that {@link #upgradeAll} can make exclusive: the
   * lock of a transaction, which holds the transaction lock already. Inside this handle it counts
   * as exclusive.
   */
  public boolean lockAllUpgradable(boolean wait) {
    return lockAll(LockMode.READ, wait, true);
  }

  private boolean lockAll(LockMode mode, boolean wait, boolean upgradable) {
    if (hashSize == 0) {
      throw new IllegalStateException("the chains of " + file + " are not known yet");
    }
    if (allCount != 0) {
      if (upgradable || allMode != mode) {
        throw refused("cannot nest another kind of allrecord lock: this handle holds one");
      }
      allCount++;
      return true;
    }
    if (holdsExtra(upgradable) || !records.isEmpty()) {
      throw refused("cannot take the allrecord lock while this handle holds other locks");
    }
    while (true) {
      if (!data.lockAll(mode, wait)) {
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
        allMode = upgradable ? LockMode.WRITE : mode;
        allUpgradable = upgradable;
        allCount = 1;
        return true;
      }
      whole.recover(this, data, records, recovery);
    }
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
    if (allCount != 1 || !allUpgradable) {
      throw refused("there is no upgradable allrecord lock, or it is nested " + allCount + " deep");
    }
    data.upgradeAll();
    allUpgradable = false;
  }

  /** Undoes one {@link #lockAll}. */
  public void unlockAll(LockMode mode) {
    if (allCount == 0) {
      throw refused("the allrecord lock is not held by this handle");
    }
    if (allMode != mode && !(allUpgradable && mode == LockMode.READ)) {
      throw refused("the allrecord lock held by this handle has another mode");
    }
    if (allCount == 1) {
      data.unlockAll();
      allUpgradable = false;
    }
    allCount--;
  }

  /** Undoes {@link #lockAllUpgradable}, upgraded or not. */
  public void unlockAllUpgradable() {
    unlockAll(LockMode.WRITE);
  }

  public boolean holdsAll() {
    return allCount != 0;
  }

  /** Whether writes of this handle are covered by its allrecord lock; an upgradable one counts. */
  public boolean holdsAllExclusive() {
    return allCount != 0 && allMode == LockMode.WRITE;
  }

  /**
   * Whether the handle holds locks that forbid a transaction or an allrecord lock: any but the
   * active lock.
   *
   * @param inTransaction whether the handle's transaction holds the transaction lock and an
   *     allrecord lock, which do not count then
   */
  public boolean holdsExtra(boolean inTransaction) {
    int extra = held.size();
    if (held.find(ACTIVE_LOCK) >= 0) {
      extra--;
    }
    if (inTransaction && held.find(TRANSACTION_LOCK) >= 0) {
      extra--;
    }
    return extra > 0 || (!inTransaction && allCount != 0);
  }

  // ---- records ----

  /**
   * Shared lock on the byte at a record's offset: a traverse stands there and nobody frees the
   * record. Waits. Nests. Costs nothing under an allrecord lock, and then {@link #unlockRecord}
   * must be called under it too.
   *
   * @param offset where the record begins, logical
   */
  public void lockRecord(long offset) {
    requireRecord(offset);
    if (noLock || allCount != 0) {
      return;
    }
    records.lock(offset);
  }

  /** Undoes one {@link #lockRecord}. */
  public void unlockRecord(long offset) {
    requireRecord(offset);
    if (noLock || allCount != 0) {
      return;
    }
    if (!records.unlock(offset)) {
      throw refused("record " + offset + " is not locked");
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
    if (allCount != 0) {
      return allMode == LockMode.WRITE;
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
    if (allCount != 0) {
      allCount = 0;
      allUpgradable = false;
      release.run(data::unlockAll).run(whole::unlock);
    }
    release.run(records::releaseAll);
    for (int i = held.size() - 1; i >= 0; i--) {
      long offset = held.offset(i);
      if (offset == ACTIVE_LOCK) {
        continue;
      }
      held.remove(i);
      if (offset >= ByteLocks.chain(FREE_LIST)) {
        dataLocks--;
        release.run(() -> data.unlock((int) ((offset - ByteLocks.CHAINS) / 4)));
      } else {
        release.run(() -> unlockBytes(offset, 1));
      }
    }
    release.end();
  }

  /** Gives up all locks. The file and the mutex area can be closed then. */
  @Override
  public void close() {
    var release = new ReleaseSequence().run(this::releaseAllButActive);
    int active = held.find(ACTIVE_LOCK);
    if (active >= 0) {
      held.remove(active);
      release.run(() -> unlockBytes(ACTIVE_LOCK, 1));
    }
    release.end();
  }
}
