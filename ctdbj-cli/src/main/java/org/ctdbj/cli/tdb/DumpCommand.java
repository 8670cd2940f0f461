// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.DumpFormat;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code ctdbj tdb dump}. */
@Command(
    name = "dump",
    description = {
      "Writes all records as text, to the byte as tdbdump does; 'restore' and tdbrestore read it.",
      "In databases of a cluster the value begins with the header of 24 bytes that 'ltdb' shows."
    },
    footer = Subcommand.NOTATION)
final class DumpCommand extends ReadingCommand {
  @Option(
      names = {"-k", "--key"},
      paramLabel = "KEY",
      converter = Notation.class,
      description = "Write the value of this key alone, without a line end.")
  private Bytes key;

  @Option(
      names = {"-e", "--emergency"},
      description = "For a damaged file: the same as 'rescue'.")
  private boolean emergency;

  @Override
  int run() throws IOException {
    if (key != null && emergency) {
      throw new ParameterException(
          spec().commandLine(), "--key and --emergency exclude each other");
    }
    if (key != null) {
      show("reading", (tdb, _) -> dumpOne(tdb));
    } else if (emergency) {
      show("looking for records in", this::writeRescued);
    } else {
      show(
          "reading",
          (tdb, progress) ->
              new RecordOutput(this, file(), isJson())
                  .write(visitor -> walk(tdb, progress, visitor)));
    }
    return OK;
  }

  private byte[] dumpOne(Tdb tdb) throws IOException {
    byte[] value = tdb.fetch(key.value());
    if (value == null) {
      throw new CommandFailure(GetCommand.noSuchKey(file(), key.value()));
    }
    if (isJson()) {
      json().put("key", key.value()).put("data", value).end();
    } else {
      DumpFormat.escape(value, out());
    }
    return value;
  }
}
