// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Path;
import org.ctdbj.tdb.CheckReport;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;

/** {@code ctdbj tdb check}. */
@Command(
    name = "check",
    description =
        "Checks every rule of the format. Damage is reported with the offset, what was expected"
            + " and what was found, and the exit code is 1.")
final class CheckCommand extends ReadingCommand {
  @Override
  int run() throws IOException {
    var report = read("checking", Tdb::check);
    if (isJson()) {
      writeJson(report);
    } else if (report.isGood()) {
      println(
          file()
              + ": good, "
              + report.liveRecords()
              + " live, "
              + report.deadRecords()
              + " dead, "
              + report.freeRecords()
              + " free records");
    } else {
      complain(describe(file(), report));
    }
    return report.isGood() ? OK : FAILED;
  }

  /** All findings, one on a line, and what to do. */
  static String describe(Path file, CheckReport report) {
    var text = new StringBuilder();
    report.findings().forEach(finding -> text.append(file + ": " + finding + "\n"));
    return text
        + "save the records with 'ctdbj tdb rescue', or go back to a backup; if programs were"
        + " writing during the check, repeat it with --lock";
  }

  private void writeJson(CheckReport report) {
    var document =
        json()
            .put("file", file().toString())
            .put("good", report.isGood())
            .put("size", report.size())
            .put("liveRecords", report.liveRecords())
            .put("deadRecords", report.deadRecords())
            .put("freeRecords", report.freeRecords())
            .beginArray("findings");
    for (var finding : report.findings()) {
      document
          .beginObject()
          .put("offset", finding.offset())
          .put("expected", finding.expected())
          .put("found", finding.found())
          .endObject();
    }
    document.endArray().end();
  }
}
