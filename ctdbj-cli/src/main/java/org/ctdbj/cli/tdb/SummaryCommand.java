// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.ctdbj.tdb.Statistics;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;

/** {@code ctdbj tdb summary}. */
@Command(
    name = "summary",
    description =
        "Shows how the space of a file is used, to the byte as 'tdbtool FILE info' does: sizes of"
            + " keys, data, padding, dead and free records, and how long the hash chains are.")
final class SummaryCommand extends ReadingCommand {
  @Override
  int run() throws IOException {
    var statistics = read("reading", Tdb::statistics);
    if (isJson()) {
      writeJson(statistics);
    } else {
      out().write(statistics.toString().getBytes(StandardCharsets.US_ASCII));
    }
    return OK;
  }

  private void writeJson(Statistics statistics) {
    var document =
        json()
            .put("file", file().toString())
            .put("fileSize", statistics.fileSize())
            .put("headerOffset", statistics.headerOffset())
            .put("logicalSize", statistics.logicalSize())
            .put("jenkinsHash", statistics.jenkinsHash())
            .put("featureFlags", Integer.toUnsignedLong(statistics.featureFlags()));
    write(document, "keys", statistics.keys());
    write(document, "data", statistics.data());
    write(document, "padding", statistics.padding());
    write(document, "dead", statistics.dead());
    write(document, "free", statistics.free());
    write(document, "chains", statistics.chains());
    write(document, "uncoalescedRuns", statistics.uncoalescedRuns());
    document.end();
  }

  private static void write(Json document, String name, Statistics.Tally tally) {
    document
        .beginObject(name)
        .put("count", tally.count())
        .put("smallest", tally.smallest())
        .put("average", tally.average())
        .put("largest", tally.largest())
        .put("total", tally.total())
        .endObject();
  }
}
