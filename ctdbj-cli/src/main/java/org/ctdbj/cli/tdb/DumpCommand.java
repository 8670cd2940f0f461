// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.DumpFormat;
import org.ctdbj.tdb.RecordVisitor;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb dump}. */
@Command(
    name = "dump",
    description = {
      "Writes all records as text, to the byte as tdbdump does; 'restore' and tdbrestore read it.",
      "In databases of a cluster the value begins with the header of 24 bytes that 'ltdb' shows."
    },
    footer = Subcommand.NOTATION)
final class DumpCommand extends Subcommand {
  @Option(
      names = {"-k", "--key"},
      paramLabel = "KEY",
      converter = Notation.class,
      description = "Write the value of this key alone, without a line end.")
  private Bytes key;

  @Option(names = "--lock", description = LOCK)
  private boolean lock;

  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Override
  int run() throws IOException {
    try (var progress = progress("reading " + file);
        var tdb = openToRead(file, lock)) {
      if (lock) {
        tdb.lockAllRead();
      }
      if (key != null) {
        dumpOne(tdb);
      } else if (json) {
        dumpJson(tdb, progress);
      } else {
        dump(tdb, progress);
      }
    }
    return OK;
  }

  private void dumpOne(Tdb tdb) throws IOException {
    byte[] value = tdb.fetch(key.value());
    if (value == null) {
      throw new CommandFailure(GetCommand.noSuchKey(file, key.value()));
    }
    if (json) {
      json().put("key", key.value()).put("data", value).end();
    } else {
      DumpFormat.escape(value, out());
    }
  }

  private void dump(Tdb tdb, Progress progress) throws IOException {
    var out = out();
    try {
      tdb.traverseRead(
          counting(
              progress,
              (k, v) -> {
                try {
                  DumpFormat.write(k, v, out);
                  return true;
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void dumpJson(Tdb tdb, Progress progress) {
    var document = json().put("file", file.toString()).beginArray("records");
    tdb.traverseRead(
        counting(
            progress,
            (k, v) -> {
              document.beginObject().put("key", k).put("data", v).endObject();
              return true;
            }));
    document.endArray().end();
  }

  /** Lets {@code progress} know of each record. */
  static RecordVisitor counting(Progress progress, RecordVisitor visitor) {
    return new RecordVisitor() {
      private long count;

      @Override
      public boolean visit(byte[] key, byte[] value) {
        progress.records(++count);
        return visitor.visit(key, value);
      }
    };
  }
}
