// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb delete}. */
@Command(
    name = "delete",
    description = {
      "Removes records, one after the other. The exit code is 1 if one of the keys was not there.",
      "Never do this to a database of a cluster in use: a record that is missing on its data master"
          + " is found again, with an old value, on another node."
    },
    footer = Subcommand.NOTATION)
final class DeleteCommand extends Subcommand {
  @Mixin private LockedChange change;

  @Parameters(index = "0", paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "KEY",
      converter = Notation.class,
      description = "The keys, in the notation below.")
  private List<Bytes> keys;

  @Override
  int run() throws IOException {
    int exit = OK;
    try (var tdb = openToWrite(file)) {
      for (Bytes key : keys) {
        if (!change.run(this, file, tdb, key.value(), () -> tdb.delete(key.value()))) {
          complain(GetCommand.noSuchKey(file, key.value()));
          exit = FAILED;
        }
      }
    }
    return exit;
  }
}
