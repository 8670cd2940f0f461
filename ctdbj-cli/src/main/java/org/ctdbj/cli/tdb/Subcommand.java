// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.cli.Ctdbj;
import org.ctdbj.cli.OutputException;
import org.ctdbj.cli.Streams;
import org.ctdbj.tdb.RecordVisitor;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What all subcommands of {@code ctdbj tdb} have in common. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Ctdbj.Version.class,
    sortOptions = false,
    usageHelpAutoWidth = true,
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:something failed, or the file is damaged; standard error says what",
      "2:the command line was not understood"
    })
abstract class Subcommand implements Callable<Integer> {
  static final int OK = 0;
  static final int FAILED = 1;

  /** For the option that all commands have which only read. */
  static final String LOCK =
      "Open the file for writing, roll back a commit that was interrupted, and keep others from"
          + " writing while the command reads. Without it the file is opened for reading, as it is,"
          + " and no lock is taken: while programs change it, what is shown may contradict itself.";

  static final String JSON = "Write JSON. Bytes are strings in the notation of keys.";

  static final String NOTATION =
      "A key or value is text, where \\XX stands for the byte with that number in hex and \\\\ for a"
          + " backslash; or, after 0x, all of it in hex. The first character of a text that begins"
          + " with 0x is written \\30.";

  @Spec private CommandSpec spec;

  @Override
  public final Integer call() throws IOException {
    int exit;
    try {
      exit = run();
    } catch (OutOfMemoryError e) {
      throw new CommandFailure(
          "not enough memory: Java may use "
              + Runtime.getRuntime().maxMemory() / (1024 * 1024)
              + " MiB\nset the environment variable CTDBJ_JAVA_OPTS to -Xmx8g, say",
          e);
    }
    try {
      streams().out().flush();
    } catch (IOException e) {
      throw new OutputException(e);
    }
    return exit;
  }

  /**
   * Does the work.
   *
   * @return the exit code
   */
  abstract int run() throws IOException;

  final Streams streams() {
    return ((Ctdbj) spec.root().userObject()).streams();
  }

  final CommandSpec spec() {
    return spec;
  }

  /** Standard output; a failure to write to it is an {@link OutputException}. */
  final OutputStream out() {
    return new CheckedOutput(streams().out());
  }

  /** Writes a line of text. */
  final void println(String line) throws IOException {
    out().write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  final void complain(String message) {
    Ctdbj.complain(message, streams().err());
  }

  final Json json() {
    return new Json(out());
  }

  /** Progress of work that writes to standard output only when it is done. */
  final Progress progress(String what) {
    return Progress.start(
        streams().err(), what, !wantsJson() && streams().errTerminal().getAsBoolean());
  }

  /**
   * Progress of work that writes to standard output meanwhile: not shown if that is a terminal too,
   * which both would write to.
   */
  final Progress progressBesideOutput(String what) {
    return Progress.start(
        streams().err(),
        what,
        !wantsJson()
            && streams().errTerminal().getAsBoolean()
            && !streams().outTerminal().getAsBoolean());
  }

  private boolean wantsJson() {
    var option = spec.findOption("--json");
    return option != null && Boolean.TRUE.equals(option.getValue());
  }

  /**
   * Visits all records, as {@link Tdb#traverseChains}, and shows how many of the chains are done.
   *
   * @return how many records
   */
  static long walk(Tdb tdb, Progress progress, RecordVisitor visitor) {
    var counting = RecordOutput.counting(progress, visitor);
    long records = 0;
    for (int chain = 0; chain < tdb.hashSize(); chain++) {
      progress.done(chain, tdb.hashSize());
      records += tdb.traverseChain(chain, counting);
    }
    return records;
  }

  /** Opens a file of bytes that a command reads. */
  static InputStream openInput(Path input) throws IOException {
    if (Files.isDirectory(input)) {
      throw new CommandFailure(input + ": expected a file to read from, found a directory");
    }
    return new BufferedInputStream(Files.newInputStream(input), 64 * 1024);
  }

  /** Opens a file for a command that only reads. */
  static Tdb openToRead(Path file, boolean lock) {
    return lock ? openToWrite(file) : Tdb.open(file, TdbOptions.defaults().withReadOnly(true));
  }

  /** Opens a file as it is, with or without mutexes. */
  static Tdb openToWrite(Path file) {
    return Tdb.open(file, TdbOptions.of(TdbFlag.MUTEX_LOCKING));
  }

  /** Tells failures of standard output from those of files. */
  private static final class CheckedOutput extends OutputStream {
    private final OutputStream out;

    CheckedOutput(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) {
      try {
        out.write(b);
      } catch (IOException e) {
        throw new OutputException(e);
      }
    }

    @Override
    public void write(byte[] bytes, int from, int count) {
      try {
        out.write(bytes, from, count);
      } catch (IOException e) {
        throw new OutputException(e);
      }
    }

    @Override
    public void flush() {
      try {
        out.flush();
      } catch (IOException e) {
        throw new OutputException(e);
      }
    }
  }
}
