// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.DumpReader;
import org.ctdbj.tdb.DumpSyntaxException;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb restore}. */
@Command(
    name = "restore",
    description = {
      "Makes a new file of what 'dump', 'rescue' or tdbdump has written. The file gets its name when"
          + " it is complete and on the disk; an existing one is never touched."
    })
final class RestoreCommand extends Subcommand {
  /** Which value of a key counts. */
  enum Duplicates {
    REFUSE,
    FIRST,
    LAST
  }

  @Option(
      names = {"-i", "--input"},
      paramLabel = "DUMP",
      description = "The dump; default: standard input.")
  private Path input;

  @Option(
      names = {"-n", "--hash-size"},
      paramLabel = "CHAINS",
      defaultValue = "" + TdbOptions.DEFAULT_HASH_SIZE,
      description =
          "Hash chains of the new file; default: ${DEFAULT-VALUE}, as tdbrestore. For databases of a"
              + " cluster 100001.")
  private int hashSize;

  @Option(
      names = {"-d", "--duplicates"},
      paramLabel = "WHICH",
      defaultValue = "REFUSE",
      description =
          "What to do with a key that comes again: refuse the dump, or keep the first or the last"
              + " value. Default: refuse. 'rescue' can give the same key several times.")
  private Duplicates duplicates;

  @Option(
      names = "--jenkins",
      description = "Create with the Jenkins hash function, which libtdb before 1.2.6 cannot read.")
  private boolean jenkins;

  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(paramLabel = "FILE", description = "The file to make.")
  private Path file;

  @Override
  int run() throws IOException {
    if (hashSize < 1 || hashSize > TdbOptions.MAX_HASH_SIZE) {
      throw new ParameterException(
          spec().commandLine(),
          "--hash-size: expected 1 to " + TdbOptions.MAX_HASH_SIZE + ", found " + hashSize);
    }
    if (Files.exists(file)) {
      throw exists();
    }
    long records;
    try (var progress = progress("restoring " + file);
        var in = new MeteredInput(openDump(), sizeOfDump(), progress);
        var made = NewFile.at(file)) {
      String name = input == null ? "standard input" : input.toString();
      records = restore(new DumpReader(in, name), name, made.temporary(), progress);
      check(made.temporary(), records, progress);
      made.createTarget();
    } catch (FileAlreadyExistsException e) {
      throw exists();
    } catch (DumpSyntaxException e) {
      throw new CommandFailure(e.getMessage() + "\n" + file + " was not created", e);
    }
    if (json) {
      json().put("file", file.toString()).put("liveRecords", records).end();
    } else {
      println(file + ": " + records + " records");
    }
    return OK;
  }

  private CommandFailure exists() {
    return new CommandFailure(
        file + ": there is a file of that name\nmove it away, or restore to another name");
  }

  private InputStream openDump() throws IOException {
    return input == null ? streams().in() : openInput(input);
  }

  private long sizeOfDump() throws IOException {
    return input == null ? streams().inSize().getAsLong() : Files.size(input);
  }

  private long restore(DumpReader dump, String name, Path target, Progress progress)
      throws IOException {
    var options =
        (jenkins ? TdbOptions.of(TdbFlag.INCOMPATIBLE_HASH) : TdbOptions.defaults())
            .withCreate(true)
            .withExclusive(true)
            .withMode(0666)
            .withHashSize(hashSize);
    try (var tdb = Tdb.open(target, options);
        var load = tdb.bulkLoad()) {
      for (var entry = dump.next(); entry != null; entry = dump.next()) {
        if (duplicates == Duplicates.LAST) {
          load.replace(entry.key(), MemorySegment.ofArray(entry.value()));
        } else if (!load.insert(entry.key(), entry.value()) && duplicates == Duplicates.REFUSE) {
          throw new CommandFailure(
              name
                  + ": record "
                  + dump.count()
                  + ": expected every key once, found \""
                  + Notation.write(entry.key())
                  + "\" again\n"
                  + file
                  + " was not created; --duplicates=first or last keeps one of the values");
        }
        progress.records(dump.count());
      }
      return load.count();
    }
  }

  private static void check(Path made, long records, Progress progress) {
    progress.step("checking " + made);
    try (var tdb = openToRead(made, false)) {
      progress.watch(tdb);
      var report = tdb.check();
      if (!report.isGood() || report.liveRecords() != records) {
        throw new CommandFailure(
            made
                + ": the new file holds "
                + report.liveRecords()
                + " records, expected "
                + records
                + "; is the disk defective?");
      }
    }
  }
}
