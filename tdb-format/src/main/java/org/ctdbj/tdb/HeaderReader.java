// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.HEADER_SIZE;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.ctdbj.tdb.lock.MutexArea;
import org.ctdbj.tdb.os.NativeFile;

/** The headers of a file that is being opened, refused if they are not what libtdb would accept. */
final class HeaderReader {
  private final NativeFile file;
  private final Path path;

  HeaderReader(NativeFile file) {
    this.file = file;
    this.path = file.path();
  }

  FileHeader readHeader(long base) {
    var bytes = new byte[HEADER_SIZE];
    long size = file.size();
    if (size < base + HEADER_SIZE) {
      throw TdbException.at(
          TdbError.IO,
          path,
          0,
          "a TDB header of " + HEADER_SIZE + " bytes",
          "a file of " + size + " bytes");
    }
    file.read(base, MemorySegment.ofArray(bytes));
    var header = FileHeader.decode(bytes);
    var problems = header.problems(0);
    if (!problems.isEmpty()) {
      var problem = problems.getFirst();
      throw TdbException.at(
          problem.error(), path, problem.offset(), problem.expected(), problem.found());
    }
    if (!header.hasMutexes() || base > 0) {
      long needed = base + TdbLayout.dataStart(header.hashSize());
      if (size < needed) {
        throw TdbException.at(
            TdbError.EINVAL,
            path,
            TdbLayout.OFF_HASH_SIZE,
            "a file of at least " + needed + " bytes for " + header.hashSize() + " chains",
            size + " bytes");
      }
    }
    return header;
  }

  /** Size of the mutex area if this handle may use the file. */
  long mutexSize(FileHeader header, int flags) {
    long found = TdbLayout.unsigned(header.mutexSize());
    if (!TdbFlag.NOLOCK.in(flags)) {
      if (!TdbFlag.MUTEX_LOCKING.in(flags)) {
        throw TdbException.at(
            TdbError.EINVAL,
            path,
            TdbLayout.OFF_FEATURE_FLAGS,
            "a file without mutexes (flag MUTEX_LOCKING not given)",
            "mutexes");
      }
      if (!MutexArea.isSupported()) {
        throw TdbException.of(
            TdbError.EINVAL, path, "files with mutexes are not supported on this machine");
      }
      long expected = MutexArea.size(header.hashSize());
      if (found != expected) {
        throw TdbException.at(
            TdbError.EINVAL,
            path,
            TdbLayout.OFF_MUTEX_SIZE,
            expected + " bytes of mutexes, as on this kind of machine",
            found + MutexArea.origin(header.hashSize(), found));
      }
    } else if (found == 0 || found % NativeFile.pageSize() != 0) {
      throw TdbException.at(
          TdbError.EINVAL,
          path,
          TdbLayout.OFF_MUTEX_SIZE,
          "a multiple of the page size of " + NativeFile.pageSize(),
          String.valueOf(found));
    }
    return found;
  }

  FileHeader secondHeader(FileHeader first, long base) {
    var second = readHeader(base);
    if (second.hashSize() != first.hashSize()
        || second.rwlocks() != first.rwlocks()
        || second.bigEndian() != first.bigEndian()) {
      throw TdbException.at(
          TdbError.CORRUPT,
          path,
          TdbLayout.OFF_HASH_SIZE,
          first.hashSize() + " chains as in the header in front of the mutexes",
          second.hashSize() + " chains behind them");
    }
    return second;
  }
}
