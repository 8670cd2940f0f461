// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import org.ctdbj.cli.Ctdbj;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ctdbj tdb}: work on TDB files without a daemon. */
@Command(
    name = "tdb",
    description = {
      "Works on TDB files. No daemon is needed, and files in use by one can be looked at.",
      "",
      "Commands that only read take no lock unless told to with --lock. Commands that write take"
          + " the locks that libtdb takes, so they can run beside smbd, winbindd and a daemon; but"
          + " a record of a cluster's database begins with a header that the daemon keeps ('ltdb'"
          + " shows it), and only the daemon can change such a record on all nodes."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Ctdbj.Version.class,
    sortOptions = false,
    subcommands = {
      InfoCommand.class,
      DumpCommand.class,
      CheckCommand.class,
      KeysCommand.class,
      GetCommand.class,
      PutCommand.class,
      DeleteCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      RepackCommand.class,
      RescueCommand.class,
      SummaryCommand.class,
      LtdbCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:something failed, or a file is damaged; standard error says what",
      "2:the command line was not understood"
    })
public final class TdbCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
