// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.ctdbj.cli.tdb.Advice;
import org.ctdbj.cli.tdb.TdbCommand;
import org.ctdbj.tdb.TdbException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

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
  private final Streams streams;
  @Spec private CommandSpec spec;

  private Ctdbj(Streams streams) {
    this.streams = streams;
  }

  /** Runs the command and ends the process. */
  public static void main(String[] arguments) {
    var streams = Streams.standard();
    int exit = commandLine(streams).execute(arguments);
    streams.err().flush();
    System.exit(exit);
  }

  /** The command with all that belongs to it. */
  public static CommandLine commandLine(Streams streams) {
    return new CommandLine(new Ctdbj(streams))
        .setOut(new PrintWriter(new OutputStreamWriter(streams.out(), StandardCharsets.UTF_8)))
        .setErr(streams.err())
        .registerConverter(Path.class, Ctdbj::path)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (exception, command, _) -> {
              complain(message(exception), command.getErr());
              return CommandLine.ExitCode.SOFTWARE;
            });
  }

  private static Path path(String name) {
    if (name.indexOf('\uFFFD') >= 0) {
      throw new TypeConversionException(
          "'"
              + name
              + "': expected a name in UTF-8, found other bytes, or characters that the locale does"
              + " not have; make a link with another name");
    }
    return Path.of(name);
  }

  /** What the commands read from and write to. */
  public Streams streams() {
    return streams;
  }

  /**
   * What to tell the user.
   *
   * @throws Exception the exception itself, if it is a defect of this program
   */
  private static String message(Exception exception) throws Exception {
    return switch (exception) {
      case TdbException e -> Advice.messageOf(e);
      case CommandFailure e -> e.getMessage();
      case OutputException e -> e.getMessage();
      case IOException e -> Advice.messageOf(e);
      default -> throw exception;
    };
  }

  /** Writes a message of one or more lines. */
  public static void complain(String message, PrintWriter err) {
    err.println("ctdbj: " + message.replace("\n", "\n       "));
    err.flush();
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** The version in the jar. */
  public static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Ctdbj.class.getPackage().getImplementationVersion();
      return new String[] {"ctdbj " + (version == null ? "(not packaged)" : version)};
    }
  }
}
