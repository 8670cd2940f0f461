// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code ctdbj tdb rescue}. */
@Command(
    name = "rescue",
    description = {
      "Writes what looks like a record anywhere in a damaged file, as text, to the byte as"
          + " 'tdbdump -e' does. Look through the result: values of long ago and several values of"
          + " one key can be among it. Then make a new file of it with 'restore'.",
      "Prefer a backup if there is one. A file whose header is damaged cannot be opened.",
      "Unlike tdbdump -e, which ends with 1 when all went well, it ends with 0."
    })
final class RescueCommand extends ReadingCommand {
  @Override
  int run() throws IOException {
    long records = show("looking for records in", this::writeRescued);
    if (records == 0) {
      complain(file() + ": no record was found");
    }
    return OK;
  }
}
