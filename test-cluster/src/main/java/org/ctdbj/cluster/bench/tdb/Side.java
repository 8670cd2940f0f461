// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench.tdb;

import java.io.IOException;
import java.nio.file.Path;

/** One of the two that are compared. Databases are known by slot numbers from 0. */
interface Side extends AutoCloseable {
  /**
   * Opens a file, creates it if need be; replaces what was open in the slot.
   *
   * @param flags bits of {@link org.ctdbj.tdb.TdbFlag}
   */
  void open(int slot, int flags, int hashSize, Path path) throws IOException;

  /** Empties the database and stores the first {@code records} keys. */
  void fill(int slot, int records, int length) throws IOException;

  /** Runs {@link Workload#run} and returns how many nanoseconds that took. */
  long run(int slot, Workload.Operation operation, int count, int records, int length)
      throws IOException;

  @Override
  void close() throws IOException;
}
