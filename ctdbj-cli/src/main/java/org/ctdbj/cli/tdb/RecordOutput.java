// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.ToLongFunction;
import org.ctdbj.tdb.DumpFormat;
import org.ctdbj.tdb.RecordVisitor;

/** Writes whole records, as a dump or as JSON. */
final class RecordOutput {
  private final Subcommand command;
  private final Path file;
  private final boolean json;

  RecordOutput(Subcommand command, Path file, boolean json) {
    this.command = command;
    this.file = file;
    this.json = json;
  }

  /**
   * Writes all records of a walk.
   *
   * @return what the walk returns: how many
   */
  long write(ToLongFunction<RecordVisitor> walk) throws IOException {
    return json ? writeJson(walk) : writeDump(walk);
  }

  private long writeDump(ToLongFunction<RecordVisitor> walk) throws IOException {
    var out = command.out();
    try {
      return walk.applyAsLong(
          (key, value) -> {
            try {
              DumpFormat.write(key, value, out);
              return true;
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private long writeJson(ToLongFunction<RecordVisitor> walk) {
    var document = command.json().put("file", file.toString()).beginArray("records");
    long records =
        walk.applyAsLong(
            (key, value) -> {
              document.beginObject().put("key", key).put("data", value).endObject();
              return true;
            });
    document.endArray().end();
    return records;
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
