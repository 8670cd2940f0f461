// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.StoreMode;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb put}. */
@Command(
    name = "put",
    description = {
      "Stores a value. A record of that key is overwritten, unless --insert is given.",
      "In databases of a cluster the value must begin with the header that 'ltdb' shows; other"
          + " nodes do not learn of the change."
    },
    footer = Subcommand.NOTATION)
final class PutCommand extends Subcommand {
  @ArgGroup private Existing existing = new Existing();

  @Mixin private LockedChange change;

  @Option(
      names = {"-f", "--value-file"},
      paramLabel = "PATH",
      description = "Take the value from this file, byte for byte; - is standard input.")
  private Path valueFile;

  @Parameters(index = "0", paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = Notation.class,
      description = "The key, in the notation below.")
  private Bytes key;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "VALUE",
      converter = Notation.class,
      description = "The value, in the notation below.")
  private Bytes value;

  /** At most one of these. */
  private static final class Existing {
    @Option(names = "--insert", description = "Fail if there is a record of that key.")
    private boolean insert;

    @Option(names = "--modify", description = "Fail if there is no record of that key.")
    private boolean modify;

    private StoreMode mode() {
      return insert ? StoreMode.INSERT : modify ? StoreMode.MODIFY : StoreMode.REPLACE;
    }
  }

  @Override
  int run() throws IOException {
    var data = MemorySegment.ofArray(readValue());
    try (var tdb = openToWrite(file)) {
      change.run(
          this,
          file,
          tdb,
          key.value(),
          () -> {
            tdb.store(key.value(), existing.mode(), data);
            return true;
          });
    } catch (TdbException e) {
      if (e.error() == TdbError.NOEXIST) {
        throw new CommandFailure(GetCommand.noSuchKey(file, key.value()), e);
      }
      if (e.error() == TdbError.EXISTS) {
        throw new CommandFailure(
            file
                + ": there is a record with the key \""
                + Notation.write(key.value())
                + "\"\nwithout --insert it is overwritten",
            e);
      }
      throw e;
    }
    return OK;
  }

  private byte[] readValue() throws IOException {
    if ((value == null) == (valueFile == null)) {
      throw new picocli.CommandLine.ParameterException(
          spec().commandLine(), "expected either VALUE or --value-file");
    }
    if (value != null) {
      return value.value();
    }
    if (valueFile.toString().equals("-")) {
      return streams().in().readAllBytes();
    }
    try (var in = openInput(valueFile)) {
      return in.readAllBytes();
    }
  }
}
