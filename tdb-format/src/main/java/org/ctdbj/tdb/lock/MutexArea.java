// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.ctdbj.tdb.LockProgress;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.Errno;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.Mapping;
import org.ctdbj.tdb.os.NativeFile;
import org.ctdbj.tdb.os.RobustMutexes;

/**
 * The mutexes at the start of a TDB file with feature MUTEX, as libtdb 1.4 lays them out and uses
 * them: one per chain, one for the free list, and one with a word beside it for all chains
 * together.
 *
 * <p>They stand for the byte locks of chains and free list only, and know no shared chain lock:
 * also readers of a chain exclude each other. Nothing nests here; {@link LockTable} counts.
 * Everything must be unlocked by the platform thread that locked it. No call allocates unless it
 * fails.
 */
public final class MutexArea implements AutoCloseable {
  /** Size of the copy of the TDB header before the first mutex. */
  private static final int HEADER_COPY = 168;

  private static final long ALL_MUTEX = HEADER_COPY;
  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

  private final NativeFile file;
  private final Mapping mapping;
  private final RobustMutexes mutexes;
  private final int hashSize;
  private final int mutexSize;
  private final long allState;
  private final long firstMutex;
  private int held;

  /** Who has locked all chains through this area; null if nobody has. */
  private Thread allHolder;

  private MutexArea(NativeFile file, Mapping mapping, int hashSize) {
    this.file = file;
    this.mapping = mapping;
    this.mutexes = new RobustMutexes(mapping);
    this.hashSize = hashSize;
    this.mutexSize = RobustMutexes.size();
    this.allState = allState(mutexSize);
    this.firstMutex = firstMutex(mutexSize);
  }

  private static long allState(int mutexSize) {
    return ALL_MUTEX + mutexSize;
  }

  /** The word of the allrecord lock is padded to the alignment of a mutex. */
  private static long firstMutex(int mutexSize) {
    return allState(mutexSize) + 8;
  }

  /** Whether files with mutexes can be used on this machine at all. */
  public static boolean isSupported() {
    return RobustMutexes.isSupported();
  }

  /**
   * What the field mutex_size of a file's header must be for this machine to use its mutexes: all
   * processes that share the file must agree on the size of a mutex and of a page. A multiple of
   * the page size.
   *
   * @throws UnsupportedOperationException if {@link #isSupported} is false
   */
  public static long size(int hashSize) {
    return size(hashSize, RobustMutexes.size(), NativeFile.pageSize());
  }

  static long size(int hashSize, int mutexSize, int pageSize) {
    if (hashSize <= 0) {
      throw new IllegalArgumentException("no such hash size: " + hashSize);
    }
    long end = firstMutex(mutexSize) + (hashSize + 1L) * mutexSize;
    return (end + pageSize - 1) / pageSize * pageSize;
  }

  /**
   * What kind of machine has made a mutex area of {@code found} bytes, as words to add to a
   * refusal; empty if that is not known. Pages are of 4, 16 or 64 KiB.
   */
  public static String origin(int hashSize, long found) {
    for (int pageSize : new int[] {4096, 16384, 65536}) {
      boolean x86 =
          pageSize == 4096 && size(hashSize, RobustMutexes.SIZE_X86_64, pageSize) == found;
      boolean arm = size(hashSize, RobustMutexes.SIZE_AARCH64, pageSize) == found;
      if (x86 || arm) {
        String machine = x86 ? arm ? "x86_64 or aarch64" : "x86_64" : "aarch64";
        return ", as on "
            + machine
            + " with pages of "
            + pageSize
            + " bytes; if no process uses the file, open it there or remove it";
      }
    }
    return "";
  }

  /**
   * Maps the mutexes of a file.
   *
   * @param file open for writing, at least {@link #size} bytes long
   * @throws TdbException {@link TdbError#IO} if the file is too short or cannot be mapped
   */
  public static MutexArea map(NativeFile file, int hashSize) {
    long size = size(hashSize);
    long fileSize = file.size();
    if (fileSize < size) {
      throw TdbException.of(
          TdbError.IO,
          file.path(),
          "expected " + size + " bytes of mutexes, found a file of " + fileSize + " bytes");
    }
    return new MutexArea(file, Mapping.map(file, 0, size), hashSize);
  }

  /**
   * Makes all mutexes free, whatever was there. The caller has made sure that nobody uses the file:
   * it holds the open lock and has got the active lock exclusively.
   */
  public void initialise() {
    check(mutexes.initialise(firstMutex, hashSize + 1), "pthread_mutex_init", firstMutex);
    SHORT.setVolatile(mutexes.memory(), allState, LockMode.UNLOCKED);
    check(mutexes.initialise(ALL_MUTEX, 1), "pthread_mutex_init", ALL_MUTEX);
  }

  private long chainMutex(int chain) {
    if (chain < LockTable.FREE_LIST || chain >= hashSize) {
      throw new IllegalArgumentException("no chain " + chain + " in " + hashSize);
    }
    return firstMutex + (chain + 1L) * mutexSize;
  }

  private short state() {
    return (short) SHORT.getVolatile(mutexes.memory(), allState);
  }

  private void setState(short state) {
    SHORT.setVolatile(mutexes.memory(), allState, state);
  }

  /** Locks the free list; independent of the allrecord lock. */
  boolean lockFreeList(boolean wait) {
    return acquire(chainMutex(LockTable.FREE_LIST), wait);
  }

  void unlockFreeList() {
    release(chainMutex(LockTable.FREE_LIST));
  }

  /**
   * Locks a chain.
   *
   * @param mode only decides whether a shared allrecord lock of another holder is in the way
   * @param holdsChain whether this holder has a chain already: it must not queue behind an
   *     allrecord lock then, whose holder is waiting for that chain
   * @return false if it is busy, only without {@code wait}
   */
  boolean lockChain(int chain, LockMode mode, boolean holdsChain, boolean wait) {
    long mutex = chainMutex(chain);
    while (true) {
      if (!acquire(mutex, wait)) {
        return false;
      }
      if (holdsChain) {
        return true;
      }
      short all = state();
      if (all == LockMode.UNLOCKED || (all == LockMode.READ.code() && mode == LockMode.READ)) {
        return true;
      }
      release(mutex);
      // Queue behind the holder, then start over.
      if (!acquire(ALL_MUTEX, wait)) {
        return false;
      }
      release(ALL_MUTEX);
    }
  }

  void unlockChain(int chain) {
    release(chainMutex(chain));
  }

  /**
   * Locks all chains.
   *
   * @param progress told when this had to wait for the holder of a chain, and at the end
   * @return false if something is busy, only without {@code wait}, or if {@code progress} wants no
   *     more; nothing is locked then
   */
  boolean lockAll(LockMode mode, boolean wait, LockProgress progress) {
    if (!acquire(ALL_MUTEX, wait)) {
      return false;
    }
    short all = state();
    if (all != LockMode.UNLOCKED) {
      release(ALL_MUTEX);
      throw TdbException.of(
          TdbError.LOCK,
          file.path(),
          "at byte "
              + allState
              + " of the mutex area: expected allrecord state 2 (free), found "
              + all
              + " though nobody holds the allrecord mutex; close the database everywhere, so"
              + " that the next opener resets its mutexes");
    }
    allHolder = Thread.currentThread();
    setState(mode.code());
    boolean passed = false;
    try {
      passed = passAllChains(wait, progress);
    } finally {
      if (!passed) {
        unlockAll();
      }
    }
    return passed;
  }

  /** Waits out every holder of a chain; new ones queue behind the allrecord lock. */
  private boolean passAllChains(boolean wait, LockProgress progress) {
    for (int chain = 0; chain < hashSize; chain++) {
      long mutex = chainMutex(chain);
      boolean atOnce = acquire(mutex, false);
      if (!atOnce) {
        if (!wait || !progress.chainsLocked(chain, hashSize) || !acquire(mutex, true)) {
          return false;
        }
      }
      release(mutex);
    }
    return !wait || progress.chainsLocked(hashSize, hashSize);
  }

  /**
   * Makes the shared allrecord lock of this holder exclusive; waits. After a failure it is shared
   * again.
   */
  void upgradeAll() {
    requireAllHolder("upgrade");
    if (state() != LockMode.READ.code()) {
      throw TdbException.of(
          TdbError.LOCK, file.path(), "the allrecord lock to upgrade is not a shared one");
    }
    setState(LockMode.WRITE.code());
    boolean passed = false;
    try {
      passed = passAllChains(true, DataLocks.GO_ON);
    } finally {
      if (!passed) {
        downgradeAll();
      }
    }
  }

  void downgradeAll() {
    setState(LockMode.READ.code());
  }

  /** Undoes {@link #lockAll}; called by another thread it throws and changes nothing. */
  void unlockAll() {
    requireAllHolder("unlock");
    setState(LockMode.UNLOCKED);
    allHolder = null;
    release(ALL_MUTEX);
  }

  /**
   * Gives back every mutex of the calling thread, whatever has been counted: an error-checking
   * mutex refuses the unlock of anybody else. Those in pages that the file does not have any more
   * are left alone, the process would not survive touching them.
   */
  void abandon() {
    long pageSize = NativeFile.pageSize();
    long end = (file.size() + pageSize - 1) / pageSize * pageSize;
    if (end >= firstMutex) {
      if (allHolder == Thread.currentThread()) {
        setState(LockMode.UNLOCKED);
      }
      int _ = mutexes.unlock(ALL_MUTEX);
    }
    allHolder = null;
    long mutex = firstMutex;
    for (int i = 0; i <= hashSize && mutex + mutexSize <= end; i++) {
      int _ = mutexes.unlock(mutex);
      mutex += mutexSize;
    }
    held = 0;
  }

  /**
   * The word beside the mutex must not say free while the mutex still belongs to another thread:
   * others would take chains under its allrecord lock.
   */
  private void requireAllHolder(String operation) {
    if (allHolder != Thread.currentThread()) {
      throw TdbException.of(
          TdbError.LOCK, file.path(), operation + " of the allrecord lock" + advice(Errno.EPERM));
    }
  }

  private boolean acquire(long mutex, boolean wait) {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException(
          "mutexes belong to platform threads: a virtual one can lose them when it moves");
    }
    // Uncontended is the rule, and this call is cheaper than the one that may wait.
    int r = mutexes.tryLock(mutex);
    // For the try, another handle of this thread is a holder like any other; waiting for it is a
    // deadlock.
    if (!wait && (r == Errno.EBUSY || r == Errno.EDEADLK)) {
      return false;
    }
    if (r == Errno.EBUSY) {
      r = mutexes.lock(mutex);
    }
    if (r == Errno.EOWNERDEAD) {
      r = takeOver(mutex);
    }
    if (r != 0) {
      throw failure(r, mutex);
    }
    held++;
    VarHandle.acquireFence();
    return true;
  }

  private int takeOver(long mutex) {
    if (mutex == ALL_MUTEX) {
      setState(LockMode.UNLOCKED);
    }
    int r = mutexes.makeConsistent(mutex);
    if (r != 0) {
      int _ = mutexes.unlock(mutex);
    }
    return r;
  }

  private void release(long mutex) {
    VarHandle.releaseFence();
    check(mutexes.unlock(mutex), "pthread_mutex_unlock", mutex);
    held--;
  }

  private void check(int errno, String operation, long mutex) {
    if (errno != 0) {
      throw TdbException.of(
          TdbError.LOCK,
          file.path(),
          operation + " of " + name(mutex) + ": " + Errno.describe(errno) + advice(errno));
    }
  }

  private TdbException failure(int errno, long mutex) {
    return TdbException.of(
        TdbError.LOCK,
        file.path(),
        "pthread_mutex_lock of " + name(mutex) + ": " + Errno.describe(errno) + advice(errno));
  }

  private String name(long mutex) {
    if (mutex == ALL_MUTEX) {
      return "the allrecord mutex at byte " + mutex;
    }
    long index = (mutex - firstMutex) / mutexSize;
    return (index == 0 ? "the free list's mutex" : "the mutex of chain " + (index - 1))
        + " at byte "
        + mutex;
  }

  private static String advice(int errno) {
    return switch (errno) {
      case Errno.EDEADLK -> "; this thread holds it through another handle";
      case Errno.EPERM -> "; locked by another thread than this one";
      case Errno.EINVAL, Errno.ENOTRECOVERABLE ->
          "; close the database everywhere, so that the next opener resets its mutexes";
      default -> "";
    };
  }

  /**
   * Unmaps the mutexes.
   *
   * @throws IllegalStateException if one of them is held: the kernel would look for it in the
   *     unmapped memory
   */
  @Override
  public void close() {
    if (held != 0) {
      throw new IllegalStateException(held + " mutexes of " + file.path() + " are still held");
    }
    mutexes.close();
    mapping.close();
  }
}
