// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.ctdbj.tdb.CheckReport;
import org.ctdbj.tdb.DumpFormat;
import org.ctdbj.tdb.FileInfo;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ctdbj tdb}: looks into TDB files without a daemon. */
@Command(
    name = "tdb",
    description = {
      "Looks into TDB files. No daemon is needed.",
      "Files are opened for reading and not locked: while programs change a file, what is shown may"
          + " contradict itself. With --lock it is opened for writing, as tdbtool does: an"
          + " interrupted commit is rolled back, and others wait while the command runs."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Ctdbj.Version.class)
final class TdbCommand implements Runnable {
  @Spec private CommandSpec spec;

  private TdbCommand() {}

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "info",
      description = "Shows what a file is and what it holds.",
      mixinStandardHelpOptions = true,
      versionProvider = Ctdbj.Version.class)
  int info(
      @Option(names = "--lock", description = LOCK) boolean lock,
      @Parameters(paramLabel = "FILE") Path file) {
    PrintWriter out = spec.commandLine().getOut();
    try (Tdb tdb = open(file, lock)) {
      print(tdb.info(), out);
    }
    OutputException.flush(out);
    return ExitCode.OK;
  }

  private static void print(FileInfo info, PrintWriter out) {
    out.println("file:            " + info.file());
    out.println("size:            " + info.size() + " bytes");
    out.println("byte order:      " + (info.bigEndian() ? "big-endian" : "little-endian"));
    out.println("hash function:   " + (info.jenkinsHash() ? "jenkins" : "default"));
    out.println("hash size:       " + info.hashSize() + " chains");
    out.println("features:        " + (info.mutexAreaSize() > 0 ? "mutexes" : "none"));
    out.println(
        "mutex area:      "
            + (info.mutexAreaSize() > 0 ? info.mutexAreaSize() + " bytes" : "none"));
    out.println("sequence number: " + Integer.toUnsignedString(info.sequenceNumber()));
    out.println("live records:    " + info.liveRecords());
    out.println("dead records:    " + info.deadRecords());
    out.println("free records:    " + info.freeRecords());
    out.println("free bytes:      " + info.freeBytes());
    out.println(
        "recovery area:   "
            + (info.recoveryOffset() == 0
                ? "none"
                : info.recoveryBytes() + " bytes at offset " + info.recoveryOffset()));
  }

  @Command(
      name = "dump",
      description = "Writes all records as text, in the form of tdbdump.",
      mixinStandardHelpOptions = true,
      versionProvider = Ctdbj.Version.class)
  int dump(
      @Option(names = "--lock", description = LOCK) boolean lock,
      @Parameters(paramLabel = "FILE") Path file) {
    PrintWriter out = spec.commandLine().getOut();
    try (Tdb tdb = open(file, lock)) {
      DumpFormat.dump(tdb, asciiOnly(out));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    OutputException.flush(out);
    return ExitCode.OK;
  }

  /** A dump has no other characters. */
  private static OutputStream asciiOnly(PrintWriter out) {
    return new OutputStream() {
      @Override
      public void write(int character) {
        out.write(character);
      }
    };
  }

  @Command(
      name = "check",
      description = {
        "Checks every rule of the format. Damage is reported with the offset, what was expected and"
            + " what was found, and the exit code is 1."
      },
      mixinStandardHelpOptions = true,
      versionProvider = Ctdbj.Version.class)
  int check(
      @Option(names = "--lock", description = LOCK) boolean lock,
      @Parameters(paramLabel = "FILE") Path file) {
    PrintWriter out = spec.commandLine().getOut();
    try (Tdb tdb = open(file, lock)) {
      CheckReport report = tdb.check();
      if (report.isGood()) {
        out.println(
            file
                + ": good, "
                + report.liveRecords()
                + " live, "
                + report.deadRecords()
                + " dead, "
                + report.freeRecords()
                + " free records");
        OutputException.flush(out);
        return ExitCode.OK;
      }
      PrintWriter err = spec.commandLine().getErr();
      report.findings().forEach(finding -> err.println("ctdbj: " + file + ": " + finding));
      err.flush();
      return ExitCode.SOFTWARE;
    }
  }

  private static final String LOCK = "Open for writing and lock the whole database for reading.";

  private static Tdb open(Path file, boolean lock) {
    return Tdb.open(
        file,
        lock ? TdbOptions.of(TdbFlag.MUTEX_LOCKING) : TdbOptions.defaults().withReadOnly(true));
  }
}
