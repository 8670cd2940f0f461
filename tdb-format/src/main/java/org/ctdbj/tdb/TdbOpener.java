// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.HEADER_SIZE;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.ctdbj.tdb.lock.LockTable;
import org.ctdbj.tdb.lock.MutexArea;
import org.ctdbj.tdb.lock.PendingRecovery;
import org.ctdbj.tdb.os.LateFault;
import org.ctdbj.tdb.os.NativeFile;

/**
 * Opening and creating, in the order of locks that libtdb 1.4 uses: the open lock (byte 0) for all
 * of it; the active lock (byte 4) tried exclusively to learn whether this is the first opener, then
 * held shared until the file is closed.
 */
final class TdbOpener {
  private final NativeFile file;
  private final Path path;
  private final TdbOptions options;
  private final UnaryOperator<FileIo> layer;
  private final boolean noLock;
  private final LockTable table;
  private int flags;
  private boolean holdsProbe;

  private TdbOpener(NativeFile file, TdbOptions options, int flags, UnaryOperator<FileIo> layer) {
    this.file = file;
    this.path = file.path();
    this.options = options;
    this.layer = layer;
    this.flags = flags;
    this.noLock = TdbFlag.NOLOCK.in(flags);
    this.table = new LockTable(file, noLock);
  }

  /** An open file and what has to be closed with it. */
  static final class Opened {
    private final TdbState state;
    private final NativeFile file;
    private final LockTable table;
    private final MutexArea mutexes;
    private final TdbOptions options;
    private final boolean active;

    private Opened(
        TdbState state,
        NativeFile file,
        LockTable table,
        MutexArea mutexes,
        TdbOptions options,
        boolean active) {
      this.state = state;
      this.file = file;
      this.table = table;
      this.mutexes = mutexes;
      this.options = options;
      this.active = active;
    }

    TdbState state() {
      return state;
    }

    boolean usesMutexes() {
      return mutexes != null;
    }

    Opened reopen(int flags, int maxDead) {
      if (TdbFlag.INTERNAL.in(flags)) {
        throw TdbException.of(
            TdbError.EINVAL, state.path, "is a database in memory: it has one handle only");
      }
      var access = options.readOnly() ? NativeFile.Access.READ_ONLY : NativeFile.Access.READ_WRITE;
      var again = NativeFile.open(state.path, access, NativeFile.Creation.NEVER, 0);
      var opener =
          new TdbOpener(again, options.withMaxDead(maxDead), flags, UnaryOperator.identity());
      return opener.closingOnFailure(
          () -> {
            if (again.device() != file.device() || again.inode() != file.inode()) {
              throw TdbException.of(
                  TdbError.IO, state.path, "is not the file any more that this handle has open");
            }
            return opener.attach(active);
          });
    }

    void close() {
      try {
        table.close();
      } finally {
        try {
          if (mutexes != null) {
            mutexes.close();
          }
        } finally {
          state.file.close();
          file.close();
        }
      }
    }
  }

  static Opened open(Path path, TdbOptions options, UnaryOperator<FileIo> layer) {
    int flags = effectiveFlags(path, options);
    if (TdbFlag.INTERNAL.in(flags)) {
      var memory = NativeFile.inMemory(path);
      var opener = new TdbOpener(memory, options, flags, layer);
      return opener.closingOnFailure(
          () -> {
            opener.create();
            return opener.attach(false);
          });
    }
    var creation =
        !options.create()
            ? NativeFile.Creation.NEVER
            : options.exclusive() ? NativeFile.Creation.EXCLUSIVE : NativeFile.Creation.IF_MISSING;
    var access = options.readOnly() ? NativeFile.Access.READ_ONLY : NativeFile.Access.READ_WRITE;
    var file = NativeFile.open(path, access, creation, options.mode());
    var opener = new TdbOpener(file, options, flags, layer);
    return opener.closingOnFailure(opener::openLocked);
  }

  private static int effectiveFlags(Path path, TdbOptions options) {
    int flags = options.flags() & ~TdbFlag.BIGENDIAN.bit();
    if (TdbFlag.INTERNAL.in(flags)) {
      flags |= TdbFlag.NOLOCK.bit() | TdbFlag.NOMMAP.bit() | TdbFlag.INCOMPATIBLE_HASH.bit();
      flags &= ~TdbFlag.CLEAR_IF_FIRST.bit();
    }
    if (TdbFlag.NOMMAP.in(flags) && TdbFlag.MUTEX_LOCKING.in(flags)) {
      throw TdbException.of(
          TdbError.EINVAL,
          path,
          "the flag MUTEX_LOCKING needs a mapped file: it excludes NOMMAP and INTERNAL");
    }
    if (TdbFlag.ALLOW_NESTING.in(flags) && TdbFlag.DISALLOW_NESTING.in(flags)) {
      throw TdbException.of(
          TdbError.EINVAL, path, "the flags ALLOW_NESTING and DISALLOW_NESTING exclude each other");
    }
    if (options.readOnly() && options.create()) {
      throw TdbException.of(TdbError.EINVAL, path, "cannot be created by a read-only open");
    }
    if (!TdbFlag.DISALLOW_NESTING.in(flags)) {
      flags |= TdbFlag.ALLOW_NESTING.bit();
    }
    if (options.readOnly()) {
      flags |= TdbFlag.NOLOCK.bit();
      flags &= ~(TdbFlag.CLEAR_IF_FIRST.bit() | TdbFlag.MUTEX_LOCKING.bit());
    }
    if (TdbFlag.MUTEX_LOCKING.in(flags)) {
      flags |= TdbFlag.INCOMPATIBLE_HASH.bit();
    }
    if (System.getenv("TDB_NO_FSYNC") != null) {
      flags |= TdbFlag.NOSYNC.bit();
    }
    return flags;
  }

  private interface Opening {
    Opened open();
  }

  private Opened closingOnFailure(Opening opening) {
    boolean done = false;
    try {
      var result = opening.open();
      LateFault.deliver();
      done = true;
      return result;
    } catch (InternalError e) {
      throw TdbException.of(
          TdbError.IO, path, "a mapped part of the file cannot be accessed (truncated?)", e);
    } finally {
      if (!done) {
        file.close();
      }
    }
  }

  private Opened openLocked() {
    table.lockOpen();
    boolean clear = TdbFlag.CLEAR_IF_FIRST.in(flags);
    if (clear && table.tryLockActive()) {
      holdsProbe = true;
      table.lockWholeData();
      create();
      table.unlockWholeData();
    } else if (options.create() && file.size() == 0) {
      create();
    }
    return attach(clear);
  }

  private void create() {
    boolean mutexes = TdbFlag.MUTEX_LOCKING.in(flags);
    if (mutexes && TdbFlag.CONVERT.in(flags)) {
      throw TdbException.of(
          TdbError.EINVAL, path, "a file with mutexes cannot have the other byte order");
    }
    if (mutexes && !MutexArea.isSupported()) {
      throw TdbException.of(
          TdbError.EINVAL, path, "files with mutexes are not supported on this machine");
    }
    long mutexSize = mutexes ? MutexArea.size(options.hashSize()) : 0;
    long dataSize = HEADER_SIZE + 4L * (options.hashSize() + 1L);
    var header =
        MemorySegment.ofArray(
            FileHeader.create(options.hashSize(), flags, (int) mutexSize).encode());
    file.truncate(0);
    // Allocated before the header is written: a full disk must not leave a header without its
    // chains.
    file.allocate(0, mutexSize + dataSize);
    if (mutexes) {
      try (var area = MutexArea.map(file, options.hashSize())) {
        area.initialise();
      }
      file.write(0, header);
    }
    // Where the disk cannot allocate, new space is not zero.
    var zeros = MemorySegment.ofArray(new byte[64 * 1024]);
    for (long at = HEADER_SIZE; at < dataSize; at += zeros.byteSize()) {
      file.write(mutexSize + at, zeros.asSlice(0, Math.min(zeros.byteSize(), dataSize - at)));
    }
    file.write(mutexSize, header);
  }

  /**
   * Uses a file that exists. The open lock is held, or (reopen) the caller's handle keeps the file
   * from being wiped.
   */
  private Opened attach(boolean active) {
    boolean opening = !noLock && table.holdsExtra(false);
    var headers = new HeaderReader(file);
    var first = headers.readHeader(0);
    MutexArea area = null;
    FileIo io = null;
    boolean done = false;
    try {
      boolean hasMutexes = first.hasMutexes();
      long base = hasMutexes ? headers.mutexSize(first, flags) : 0;
      var header = hasMutexes ? headers.secondHeader(first, base) : first;
      if (!hasMutexes) {
        flags &= ~TdbFlag.MUTEX_LOCKING.bit();
      } else if (!noLock) {
        area = MutexArea.map(file, header.hashSize());
        if (opening && !TdbFlag.CLEAR_IF_FIRST.in(flags) && table.tryLockActive()) {
          holdsProbe = true;
          area.initialise();
        }
      }
      flags &= ~(TdbFlag.CONVERT.bit() | TdbFlag.BIGENDIAN.bit());
      flags |= header.convert() ? TdbFlag.CONVERT.bit() : 0;
      flags |= header.convert() && header.bigEndian() ? TdbFlag.BIGENDIAN.bit() : 0;
      boolean maps = !TdbFlag.NOMMAP.in(flags) || TdbFlag.INTERNAL.in(flags);
      io =
          layer.apply(
              maps
                  ? new MappedIo(file, base, header.convert())
                  : new PositionedIo(file, base, header.convert(), noLock));
      boolean holdActive = active || holdsProbe;
      if (holdsProbe) {
        table.unlockActive();
        holdsProbe = false;
      }
      if (holdActive) {
        table.holdActive();
      }
      var opened = assemble(io, header, area, holdActive);
      if (opening || noLock) {
        recover(io, header.hashSize(), hasMutexes);
      }
      if (opening) {
        table.unlockOpen();
      }
      done = true;
      return opened;
    } finally {
      if (!done) {
        if (area != null) {
          area.close();
        }
        if (io != null) {
          io.close();
        }
      }
    }
  }

  private Opened assemble(FileIo io, FileHeader header, MutexArea area, boolean holdActive) {
    boolean readOnly = options.readOnly();
    boolean reclaim = area == null && !noLock;
    table.layOut(
        header.hashSize(),
        area,
        new PendingRecovery() {
          @Override
          public boolean isNeeded() {
            return Recovery.isNeeded(io);
          }

          @Override
          public void recover() {
            rollBack(io, header.hashSize(), readOnly, reclaim);
          }
        });
    var state =
        new TdbState(
            io, new HandleLocks(table, path), header.hashSize(), header.hash(), readOnly, flags);
    state.maxDead =
        options.maxDead() >= 0
            ? options.maxDead()
            : TdbFlag.VOLATILE.in(flags) ? TdbLayout.VOLATILE_MAX_DEAD : 0;
    return new Opened(state, file, table, area, options, holdActive);
  }

  private static void rollBack(FileIo io, int hashSize, boolean readOnly, boolean reclaim) {
    if (readOnly) {
      throw TdbException.of(
          TdbError.CORRUPT,
          io.path(),
          "an interrupted commit must be rolled back: open the file for writing once");
    }
    Recovery.run(io);
    if (reclaim) {
      LostSpace.reclaim(io, hashSize);
    }
  }

  /**
   * Under the open lock, as libtdb does; looking for lost space needs everybody else to be out, so
   * it is only tried, and never by a handle that does not lock.
   */
  private void recover(FileIo io, int hashSize, boolean hasMutexes) {
    boolean needed = Recovery.isNeeded(io);
    boolean reclaims = !noLock && !hasMutexes;
    boolean suspected = reclaims && !needed && LostSpace.isSuspected(io, hashSize);
    if (!needed && !suspected) {
      return;
    }
    boolean alone = reclaims && table.tryLockWholeDataAndFreeList();
    try {
      if (needed) {
        rollBack(io, hashSize, options.readOnly(), alone);
      } else if (alone) {
        LostSpace.reclaim(io, hashSize);
      }
    } finally {
      if (alone) {
        table.unlockWholeData();
      }
    }
  }
}
