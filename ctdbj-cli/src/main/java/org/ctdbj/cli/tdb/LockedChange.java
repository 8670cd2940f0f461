// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Option;

/** How a command changes a record: waiting for others or not, and whether until it is on disk. */
final class LockedChange {
  @Option(
      names = "--no-wait",
      description = "Fail if another process holds the lock of the record, instead of waiting.")
  private boolean noWait;

  @Option(
      names = "--transaction",
      description =
          "Make the change in a transaction: all of it or nothing survives a crash of the machine,"
              + " and it is on the disk when the command ends. Waits for other transactions.")
  private boolean transaction;

  /**
   * Makes a change.
   *
   * @param chainKey the key whose chain is locked meanwhile
   * @return what {@code change} returns
   */
  boolean run(Subcommand command, Path file, Tdb tdb, byte[] chainKey, BooleanSupplier change) {
    if (transaction) {
      return inTransaction(tdb, change);
    }
    if (!tdb.tryLockChain(chainKey)) {
      if (noWait) {
        throw new CommandFailure(
            file + ": another process holds the lock of \"" + Notation.write(chainKey) + "\"");
      }
      try (var _ =
          command.progress("waiting for the lock of \"" + Notation.write(chainKey) + "\"")) {
        tdb.lockChain(chainKey);
      }
    }
    try {
      return change.getAsBoolean();
    } finally {
      tdb.unlockChain(chainKey);
    }
  }

  private static boolean inTransaction(Tdb tdb, BooleanSupplier change) {
    tdb.transactionStart();
    boolean result = change.getAsBoolean();
    tdb.transactionCommit();
    return result;
  }
}
