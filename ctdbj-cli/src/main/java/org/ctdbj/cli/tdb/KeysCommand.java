// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.ctdbj.tdb.RecordVisitor;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ctdbj tdb keys}. */
@Command(
    name = "keys",
    description =
        "Lists the keys, one on a line, in the notation in which 'get', 'put' and 'delete' take"
            + " them.",
    footer = Subcommand.NOTATION)
final class KeysCommand extends ReadingCommand {
  @Option(names = "--hex", description = "All keys in hex.")
  private boolean hex;

  @Override
  int run() throws IOException {
    try {
      show("reading", this::writeKeys);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return OK;
  }

  private long writeKeys(Tdb tdb, Progress progress) {
    if (!isJson()) {
      return walk(tdb, progress, lines());
    }
    var document = json().put("file", file().toString()).beginArray("keys");
    long keys =
        walk(
            tdb,
            progress,
            (key, _) -> {
              document.element(write(key));
              return true;
            });
    document.endArray().end();
    return keys;
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
