// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.chainHead;

import java.lang.foreign.MemorySegment;
import org.ctdbj.tdb.os.LockMode;

/**
 * Fills an empty database, in time that grows with the number of records and not with its square: a
 * store walks the chain of its key to see whether the key is there, which in a file of the usual
 * 131 chains takes minutes for some 100,000 records. This one remembers the keys in memory instead,
 * with 11 to 22 bytes for each, whatever its length (half as much again in moments).
 *
 * <p>The file becomes the same, to the byte, as by a {@link Tdb#store(byte[], StoreMode,
 * MemorySegment...)} with {@link StoreMode#INSERT} of each record, and as by libtdb's {@code
 * tdb_store}: the file of {@code tdbrestore}, say.
 *
 * <pre>{@code
 * try (var tdb = Tdb.open(path, TdbOptions.defaults().withCreate(true).withExclusive(true));
 *     var load = tdb.bulkLoad()) {
 *   while (source.hasNext()) {
 *     load.insert(source.nextKey(), source.nextValue());
 *   }
 * }
 * }</pre>
 *
 * <p>All records are locked for as long as it is open; used by the thread that uses the handle.
 * Through the handle itself nothing can be changed meanwhile ({@link TdbError#LOCK}), also no
 * transaction started or ended. Nothing is synced. What has been inserted before a failure is in
 * the file, complete; for all or nothing, load inside a transaction or into a file with another
 * name.
 */
public final class BulkLoad implements AutoCloseable {
  private final LockCalls calls;
  private final TdbState state;
  private final FreeList freeList;
  private final RecordStore store;
  private final KeyIndex index;
  private final RecordHeader record = new RecordHeader();
  private final boolean ownsLock;
  private final int maxDead;
  private long count;
  private boolean broken;
  private boolean closed;

  private BulkLoad(LockCalls calls, FreeList freeList, RecordStore store, boolean ownsLock) {
    this.calls = calls;
    this.state = calls.state;
    this.freeList = freeList;
    this.store = store;
    this.index = new KeyIndex(state.io);
    this.ownsLock = ownsLock;
    // No dead record may stay in a chain: an insert does not look for any.
    this.maxDead = state.maxDead;
    state.maxDead = 0;
    state.bulkLoad = true;
  }

  /** Locks all records, unless this handle has done so, and makes sure that there are none. */
  static BulkLoad start(LockCalls calls, FreeList freeList, RecordStore store) {
    var state = calls.state;
    state.requireWritable();
    boolean ownsLock = !state.locks.holdsAllExclusive();
    if (ownsLock) {
      state.locks.lockAll(LockMode.WRITE, true);
    }
    try {
      requireEmpty(state);
      return new BulkLoad(calls, freeList, store, ownsLock);
    } catch (RuntimeException | InternalError e) {
      if (ownsLock) {
        try {
          state.locks.unlockAll(LockMode.WRITE);
        } catch (TdbException suppressed) {
          e.addSuppressed(suppressed);
        }
      }
      throw e;
    }
  }

  private static void requireEmpty(TdbState state) {
    for (int chain = 0; chain < state.hashSize; chain++) {
      if (state.io.readInt(chainHead(chain)) != 0) {
        throw TdbException.of(
            TdbError.EINVAL,
            state.path,
            "holds records: only an empty database can be loaded in bulk");
      }
    }
  }

  /**
   * Adds a record whose value is the concatenation of {@code parts}.
   *
   * @return false if the key was added before: nothing is changed then
   * @throws TdbException {@link TdbError#IO} if the disk is full, {@link TdbError#OOM} if the file
   *     is, or this process has no memory for more keys; nothing is changed then, and the load can
   *     go on
   * @throws IllegalStateException after {@link #close} or a failure of {@link #replace}
   */
  public boolean insert(byte[] key, MemorySegment... parts) {
    requireOpen();
    return calls.guarded(() -> insertNew(key, parts));
  }

  /** As {@link #insert(byte[], MemorySegment...)}. */
  public boolean insert(byte[] key, byte[] value) {
    return insert(key, MemorySegment.ofArray(value));
  }

  private boolean insertNew(byte[] key, MemorySegment[] parts) {
    int fullHash = state.hashOf(key);
    index.reserve();
    int slot = index.slotOf(key, fullHash);
    if (!index.isEmpty(slot)) {
      return false;
    }
    long dataLen = 0;
    for (MemorySegment part : parts) {
      dataLen += part.byteSize();
    }
    long offset = freeList.allocate(key.length + dataLen, record);
    store.link(offset, record, key, fullHash, dataLen, parts);
    index.set(slot, fullHash, offset);
    count++;
    return true;
  }

  /**
   * Gives a key that may have been added before this value, as {@link StoreMode#REPLACE} does. If
   * it has been, this walks its chain: meant for the exception, not for every record.
   *
   * @throws TdbException as {@link #insert}; the old value is still there then, but the load cannot
   *     go on
   * @throws IllegalStateException after {@link #close} or a failure of this method
   */
  public void replace(byte[] key, MemorySegment... parts) {
    requireOpen();
    calls.run(() -> insertOrReplace(key, parts));
  }

  private void insertOrReplace(byte[] key, MemorySegment[] parts) {
    if (insertNew(key, parts)) {
      return;
    }
    int fullHash = state.hashOf(key);
    int slot = index.slotOf(key, fullHash);
    boolean done = false;
    try {
      store.store(key, fullHash, StoreMode.REPLACE, parts);
      index.set(slot, fullHash, store.find(key, fullHash));
      done = true;
    } finally {
      // The old value may have been moved to a place that is not known here.
      broken |= !done;
    }
  }

  /** How many keys have been added. */
  public long count() {
    return count;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(state.path + ": this bulk load is closed");
    }
    if (broken) {
      throw new IllegalStateException(state.path + ": this bulk load has failed; close it");
    }
  }

  /** Ends the load and gives the lock back. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    state.bulkLoad = false;
    state.maxDead = maxDead;
    if (ownsLock) {
      calls.unlockAll();
    }
  }
}
