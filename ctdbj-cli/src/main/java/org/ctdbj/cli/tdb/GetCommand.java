// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Path;
import org.ctdbj.cli.CommandFailure;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb get}. */
@Command(
    name = "get",
    description = "Writes the value of a key. The exit code is 1 if there is no such key.",
    footer = Subcommand.NOTATION)
final class GetCommand extends Subcommand {
  @ArgGroup private Form form = new Form();

  @Option(names = "--lock", description = LOCK)
  private boolean lock;

  @Parameters(index = "0", paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = Notation.class,
      description = "The key, in the notation below.")
  private Bytes key;

  /** At most one of these. */
  private static final class Form {
    @Option(names = "--raw", description = "Write the bytes as they are, without a line end.")
    private boolean raw;

    @Option(names = "--hex", description = "Write the value in hex.")
    private boolean hex;

    @Option(names = "--json", description = JSON)
    private boolean json;
  }

  @Override
  int run() throws IOException {
    byte[] value;
    try (var _ = progress("reading " + file);
        var tdb = openToRead(file, lock)) {
      value = tdb.fetch(key.value());
    }
    if (value == null) {
      throw new CommandFailure(noSuchKey(file, key.value()));
    }
    if (form.raw) {
      out().write(value);
    } else if (form.json) {
      json()
          .put("file", file.toString())
          .put("key", key.value())
          .put("length", value.length)
          .put("data", value)
          .end();
    } else {
      println(form.hex ? Notation.writeHex(value) : Notation.write(value));
    }
    return OK;
  }

  static String noSuchKey(Path file, byte[] key) {
    return file
        + ": no record with the key \""
        + Notation.write(key)
        + "\" of "
        + key.length
        + " bytes\n'ctdbj tdb keys' lists the keys; many end in a zero byte, written \\00";
  }
}
