// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import java.nio.file.Path;
import org.ctdbj.tdb.os.NativeFile;

/** One handle's worth of locks on a file: what an open database has. */
final class Holder implements AutoCloseable {
  final NativeFile file;
  final MutexArea mutexes;
  final LockTable locks;
  final Pending pending = new Pending();

  /** An interrupted commit that the file pretends to have. */
  final class Pending implements PendingRecovery {
    boolean needed;
    int recovered;

    /** What the kernel says is locked while the recovery runs. */
    java.util.List<String> lockedMeanwhile = java.util.List.of();

    @Override
    public boolean isNeeded() {
      return needed;
    }

    @Override
    public void recover() {
      try {
        lockedMeanwhile = KernelLocks.held(file);
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      needed = false;
      recovered++;
    }
  }

  private Holder(Path path, int hashSize, boolean withMutexes, boolean noLock) {
    file = NativeFile.open(path, NativeFile.Access.READ_WRITE, NativeFile.Creation.IF_MISSING, 384);
    mutexes = withMutexes ? MutexArea.map(file, hashSize) : null;
    locks = new LockTable(file, noLock);
    locks.layOut(hashSize, mutexes, pending);
  }

  static Holder ofBytes(Path path, int hashSize) {
    return new Holder(path, hashSize, false, false);
  }

  static Holder ofMutexes(Path path, int hashSize) {
    return new Holder(path, hashSize, true, false);
  }

  static Holder ofNothing(Path path, int hashSize) {
    return new Holder(path, hashSize, false, true);
  }

  /** A file with a mutex area whose mutexes are free, without the help of libtdb. */
  static Path createMutexFile(Path path, int hashSize) {
    try (var file =
        NativeFile.open(path, NativeFile.Access.READ_WRITE, NativeFile.Creation.EXCLUSIVE, 384)) {
      file.allocate(0, MutexArea.size(hashSize));
      try (var area = MutexArea.map(file, hashSize)) {
        area.initialise();
      }
    }
    return path;
  }

  @Override
  public void close() {
    locks.close();
    if (mutexes != null) {
      mutexes.close();
    }
    file.close();
  }
}
