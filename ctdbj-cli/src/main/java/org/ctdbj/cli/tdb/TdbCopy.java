// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.TdbOptions;

/**
 * Copies all records of a file, as they are at one moment, to a new file. The copy has this
 * machine's byte order, the default hash function and no mutexes, whatever the file has: the same
 * bytes as a copy by {@code tdbbackup}.
 */
final class TdbCopy {
  /** What keeps others from changing the file meanwhile. */
  enum Locking {
    /** A transaction: others can read, and wait with writing. */
    TRANSACTION,
    /** The read lock of all records. */
    READ_LOCK,
    /** Nothing. */
    NONE
  }

  private final Path from;
  private final Locking locking;
  private final Integer hashSize;
  private final Progress progress;

  /**
   * A copy to be made.
   *
   * @param hashSize chains of the copy; null for as many as there are
   */
  TdbCopy(Path from, Locking locking, Integer hashSize, Progress progress) {
    this.from = from;
    this.locking = locking;
    this.hashSize = hashSize;
    this.progress = progress;
  }

  /**
   * Makes the copy and checks it. It has the access rights of the file that was copied.
   *
   * @param target does not exist
   * @return number of records
   */
  long to(Path target) throws IOException {
    Set<PosixFilePermission> rights;
    long records;
    try (var source = Subcommand.openToRead(from, locking != Locking.NONE)) {
      rights = Files.getPosixFilePermissions(from);
      progress.watch(source);
      lock(source);
      progress.step("checking " + from);
      long found = requireGood(source);
      progress.step("copying " + from);
      records = copy(source, target, found);
    }
    try (var copy = Subcommand.openToRead(target, false)) {
      progress.step("checking " + target);
      progress.watch(copy);
      var report = copy.check();
      if (!report.isGood() || report.liveRecords() != records) {
        throw new CommandFailure(
            target
                + ": the copy holds "
                + report.liveRecords()
                + " records, expected "
                + records
                + "; is the disk defective?");
      }
    }
    Files.setPosixFilePermissions(target, rights);
    return records;
  }

  private void lock(Tdb source) {
    switch (locking) {
      case TRANSACTION -> source.transactionStart();
      case READ_LOCK -> source.lockAllRead();
      case NONE -> {}
    }
  }

  /** How many records there are. */
  private long requireGood(Tdb source) {
    var report = source.check();
    if (!report.isGood()) {
      throw new CommandFailure(
          CheckCommand.describe(from, report) + "\nno copy was made of the damaged file");
    }
    return report.liveRecords();
  }

  private long copy(Tdb source, Path target, long total) {
    var options =
        TdbOptions.defaults()
            .withCreate(true)
            .withExclusive(true)
            .withHashSize(hashSize == null ? source.hashSize() : hashSize);
    try (var copy = Tdb.open(target, options);
        var load = copy.bulkLoad()) {
      return source.traverseRead(
          RecordOutput.counting(
              progress,
              (key, value) -> {
                if (!load.insert(key, value)) {
                  throw new CommandFailure(
                      from
                          + ": expected every key once, found \""
                          + Notation.write(key)
                          + "\" again\nno copy was made; if programs were writing meanwhile, copy"
                          + " without --no-lock");
                }
                progress.done(load.count(), total);
                return true;
              }));
    }
  }

  /** Whether the contents of a file are at fault, not the way to it. */
  static boolean isDamage(TdbException failure) {
    return failure.error() == TdbError.CORRUPT
        || (failure.offset() >= 0
            && (failure.error() == TdbError.IO || failure.error() == TdbError.EINVAL));
  }
}
