// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Path;
import org.ctdbj.tdb.FileInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb repack}. */
@Command(
    name = "repack",
    description = {
      "Stores all records anew in one transaction, so that the free space is in one piece and"
          + " stores are fast again. The file does not become smaller: for that, 'backup' it and"
          + " use the copy.",
      "Others wait while it runs. All records are held in memory once."
    })
final class RepackCommand extends Subcommand {
  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Override
  int run() throws IOException {
    FileInfo before;
    FileInfo after;
    try (var progress = progress("repacking " + file);
        var tdb = openToWrite(file)) {
      progress.watch(tdb);
      before = tdb.info();
      tdb.repack();
      after = tdb.info();
    }
    if (json) {
      var document = json().put("file", file.toString()).put("liveRecords", after.liveRecords());
      writeFree(document.beginObject("before"), before);
      writeFree(document.beginObject("after"), after);
      document.end();
    } else {
      println(
          file
              + ": "
              + after.liveRecords()
              + " records repacked, free records "
              + before.freeRecords()
              + " before and "
              + after.freeRecords()
              + " after, dead records "
              + before.deadRecords()
              + " before and "
              + after.deadRecords()
              + " after");
    }
    return OK;
  }

  private static void writeFree(Json document, FileInfo info) {
    document
        .put("size", info.size())
        .put("freeRecords", info.freeRecords())
        .put("freeBytes", info.freeBytes())
        .put("deadRecords", info.deadRecords())
        .endObject();
  }
}
