// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.ctdbj.tdb.RecordVisitor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb keys}. */
@Command(
    name = "keys",
    description =
        "Lists the keys, one on a line, in the notation in which 'get', 'put' and 'delete' take"
            + " them.",
    footer = Subcommand.NOTATION)
final class KeysCommand extends Subcommand {
  @Option(names = "--hex", description = "All keys in hex.")
  private boolean hex;

  @Option(names = "--lock", description = LOCK)
  private boolean lock;

  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Override
  int run() throws IOException {
    try (var progress = progressBesideOutput("reading " + file);
        var tdb = openToRead(file, lock)) {
      if (lock) {
        tdb.lockAllRead();
      }
      if (json) {
        var document = json().put("file", file.toString()).beginArray("keys");
        walk(
            tdb,
            progress,
            (key, _) -> {
              document.element(write(key));
              return true;
            });
        document.endArray().end();
      } else {
        walk(tdb, progress, lines());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return OK;
  }

  private RecordVisitor lines() {
    var out = out();
    return (key, _) -> {
      try {
        out.write((write(key) + "\n").getBytes(StandardCharsets.US_ASCII));
        return true;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private String write(byte[] key) {
    return hex ? Notation.writeHex(key) : Notation.write(key);
  }
}
