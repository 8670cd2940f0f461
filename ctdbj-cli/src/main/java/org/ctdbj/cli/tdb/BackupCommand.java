// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.ctdbj.cli.CommandFailure;
import org.ctdbj.tdb.TdbException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb backup}. */
@Command(
    name = "backup",
    description = {
      "Copies files to FILE.bak, safely while others write: under a transaction, as tdbbackup, so"
          + " that the copy is of one moment. It is checked, synced and renamed only then: whatever"
          + " happens, the backup of before stays until the new one is complete.",
      "A damaged file is refused. With --verify: checks files, and puts the backup into the place"
          + " of one that is damaged."
    })
final class BackupCommand extends Subcommand {
  @ArgGroup private Place place = new Place();

  @Option(
      names = {"-n", "--hash-size"},
      paramLabel = "CHAINS",
      description = "Hash chains of the copy; default: as many as the file has.")
  private Integer hashSize;

  @Option(
      names = {"-v", "--verify"},
      description =
          "Check instead of copying. A file that is damaged is kept as FILE.damaged and replaced by"
              + " its backup, if that is good. Nobody must have the file open.")
  private boolean verify;

  @ArgGroup private Locking locking = new Locking();

  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "The TDB files.")
  private List<Path> files;

  /** Where the copy goes. */
  private static final class Place {
    @Option(
        names = {"-s", "--suffix"},
        paramLabel = "SUFFIX",
        description = "What is added to the name for the backup; default: .bak.")
    private String suffix = ".bak";

    @Option(
        names = {"-o", "--output"},
        paramLabel = "PATH",
        description = "Name of the backup; only with a single FILE.")
    private Path output;
  }

  /** At most one of these; by default a transaction. */
  private static final class Locking {
    @Option(
        names = {"-l", "--no-lock"},
        description =
            "Open for reading and take no lock, for files that may not be written. Changes made"
                + " meanwhile may be in the copy in part, or make the file look damaged: then no"
                + " copy is made.")
    private boolean none;

    @Option(
        names = {"-r", "--read-lock"},
        description = "Hold the read lock of the whole database instead of a transaction.")
    private boolean read;

    private TdbCopy.Locking choice() {
      return none
          ? TdbCopy.Locking.NONE
          : read ? TdbCopy.Locking.READ_LOCK : TdbCopy.Locking.TRANSACTION;
    }
  }

  @Override
  int run() throws IOException {
    if (place.output != null && files.size() > 1) {
      throw new ParameterException(spec().commandLine(), "--output works with a single FILE only");
    }
    if (hashSize != null && (hashSize < 1 || hashSize > org.ctdbj.tdb.TdbOptions.MAX_HASH_SIZE)) {
      throw new ParameterException(
          spec().commandLine(),
          "--hash-size: expected 1 to "
              + org.ctdbj.tdb.TdbOptions.MAX_HASH_SIZE
              + ", found "
              + hashSize);
    }
    if (place.output == null && place.suffix.isEmpty()) {
      throw new ParameterException(
          spec().commandLine(), "--suffix: the backup needs another name than the file");
    }
    Json document = json ? json().beginArray("files") : null;
    int exit = OK;
    for (Path file : files) {
      try {
        if (verify) {
          verify(file, document);
        } else {
          backUp(file, document);
        }
      } catch (TdbException e) {
        complain(Advice.messageOf(e));
        exit = FAILED;
      } catch (CommandFailure e) {
        complain(e.getMessage());
        exit = FAILED;
      } catch (IOException e) {
        complain(Advice.messageOf(e));
        exit = FAILED;
      }
    }
    if (document != null) {
      document.endArray().end();
    }
    return exit;
  }

  private Path backupOf(Path file) {
    return place.output != null
        ? place.output
        : file.resolveSibling(file.getFileName() + place.suffix);
  }

  private void backUp(Path file, Json document) throws IOException {
    Path backup = backupOf(file);
    if (Files.exists(backup) && Files.exists(file) && Files.isSameFile(file, backup)) {
      throw new CommandFailure(backup + ": is the file itself; choose another name");
    }
    long records;
    try (var progress = progress("backing up " + file);
        var copy = NewFile.at(backup)) {
      records = new TdbCopy(file, locking.choice(), hashSize, progress).to(copy.temporary());
      copy.replaceTarget();
    }
    report(
        file,
        document,
        records,
        backup.toString(),
        file + ": " + records + " records in " + backup);
  }

  private void verify(Path file, Json document) throws IOException {
    String damage;
    long records = 0;
    try (var progress = progress("checking " + file);
        var tdb = openToRead(file, !locking.none)) {
      progress.watch(tdb);
      var report = tdb.check();
      damage = report.isGood() ? null : CheckCommand.describe(file, report);
      records = report.liveRecords();
    } catch (TdbException e) {
      if (!TdbCopy.isDamage(e) && Files.exists(file)) {
        throw e;
      }
      damage = e.getMessage();
    }
    if (damage == null) {
      report(file, document, records, null, file + ": good, " + records + " records");
      return;
    }
    replaceDamaged(file, document, damage);
  }

  private void replaceDamaged(Path name, Json document, String damage) throws IOException {
    Path backup = backupOf(name);
    // Where the name is a symbolic link, the file it leads to is to be replaced.
    Path file = Files.exists(name) ? name.toRealPath() : name;
    complain(damage);
    long records;
    Path kept = null;
    try (var progress = progress("restoring " + name);
        var copy = NewFile.at(file)) {
      if (!Files.exists(backup)) {
        throw new CommandFailure(
            backup
                + ": there is no backup; "
                + name
                + " stays as it is\nsave what can be found with 'ctdbj tdb rescue'");
      }
      records = new TdbCopy(backup, TdbCopy.Locking.NONE, hashSize, progress).to(copy.temporary());
      if (Files.exists(file)) {
        kept = keep(file);
      }
      copy.replaceTarget();
    }
    report(
        name,
        document,
        records,
        backup.toString(),
        name
            + ": restored "
            + records
            + " records from "
            + backup
            + (kept == null ? "" : "; the damaged file is " + kept));
  }

  /** Gives the damaged file a second name, so that the first can be replaced in one step. */
  private static Path keep(Path file) throws IOException {
    for (int i = 0; ; i++) {
      Path kept = file.resolveSibling(file.getFileName() + ".damaged" + (i == 0 ? "" : "." + i));
      if (!Files.exists(kept, LinkOption.NOFOLLOW_LINKS)) {
        return Files.createLink(kept, file);
      }
    }
  }

  private void report(Path file, Json document, long records, String backup, String text)
      throws IOException {
    if (document == null) {
      println(text);
      return;
    }
    document.beginObject().put("file", file.toString()).put("liveRecords", records);
    if (backup != null) {
      document.put(verify ? "restoredFrom" : "backup", backup);
    }
    document.endObject();
  }
}
