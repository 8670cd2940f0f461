// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that read a whole file, in a way of which nobody takes notice or under a lock. */
abstract class ReadingCommand extends Subcommand {
  @Option(names = "--lock", description = LOCK)
  private boolean lock;

  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(paramLabel = "FILE", description = "The TDB file. It is not changed.")
  private Path file;

  final boolean isJson() {
    return json;
  }

  final Path file() {
    return file;
  }

  /**
   * Work that is done before anything is written to standard output.
   *
   * @param what the work, such as "checking"
   */
  final <R> R read(String what, Function<Tdb, R> work) {
    try (var progress = progress(what + " " + file);
        var tdb = openToRead(file, lock)) {
      progress.watch(tdb);
      return work.apply(tdb);
    }
  }

  /** Writes what looks like a record; returns how many. For {@link #show}. */
  final long writeRescued(Tdb tdb, Progress progress) throws IOException {
    return new RecordOutput(this, file, json)
        .write(visitor -> tdb.rescue(RecordOutput.counting(progress, visitor)));
  }

  /** Work that writes what it reads. */
  @FunctionalInterface
  interface Showing<R> {
    /** Reads records and writes them. */
    R show(Tdb tdb, Progress progress) throws IOException;
  }

  /** As {@link #read}, for work that writes meanwhile; with {@code --lock} nobody else does. */
  final <R> R show(String what, Showing<R> work) throws IOException {
    try (var progress = progressBesideOutput(what + " " + file);
        var tdb = openToRead(file, lock)) {
      progress.watch(tdb);
      if (lock) {
        tdb.lockAllRead();
      }
      return work.show(tdb, progress);
    }
  }
}
