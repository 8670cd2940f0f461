// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import org.ctdbj.tdb.TdbException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code ctdbj} command. Ends with 0 if all is well, 1 if something failed or a file is
 * damaged, 2 if the command was not understood.
 */
@Command(
    name = "ctdbj",
    description = "Administration of ctdbj clusters and of TDB files.",
    mixinStandardHelpOptions = true,
    versionProvider = Ctdbj.Version.class,
    subcommands = TdbCommand.class)
public final class Ctdbj implements Runnable {
  @Spec private CommandSpec spec;

  private Ctdbj() {}

  /** Runs the command and ends the process. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The command with all that belongs to it, writing to the process's own output. */
  public static CommandLine commandLine() {
    return new CommandLine(new Ctdbj())
        .setExecutionExceptionHandler(
            (exception, command, _) -> {
              if (exception instanceof TdbException || exception instanceof OutputException) {
                command.getErr().println("ctdbj: " + exception.getMessage());
                command.getErr().flush();
                return CommandLine.ExitCode.SOFTWARE;
              }
              throw exception;
            });
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** The version in the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Ctdbj.class.getPackage().getImplementationVersion();
      return new String[] {"ctdbj " + (version == null ? "(not packaged)" : version)};
    }
  }
}
