// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.ctdbj.tdb.KillJournal.Word;

/** The processes of {@link KilledHoldersTest}; none is left when this is closed. */
final class WorkerProcesses implements AutoCloseable {
  /** One process; {@code libtdb} says which of the two programs. */
  record Worker(int slot, boolean libtdb, Process process) {}

  private static final Path COMPILER = Path.of("/usr/bin/gcc");
  private static final Path HEADER = Path.of("/usr/include/tdb.h");

  private final Path file;
  private final int flags;
  private final Path journalFile;
  private final Path guardFile;
  private final Path errors;
  private final Path program;
  private final KillJournal journal;
  private final Random random;
  private final FileChannel guard;
  private final List<Worker> living = new ArrayList<>();
  private final List<Process> started = new ArrayList<>();

  /** Builds the C program; the test is skipped if that is not possible here. */
  WorkerProcesses(Path dir, Path file, int flags, KillJournal journal, Random random)
      throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(COMPILER), "needs " + COMPILER);
    assumeTrue(Files.exists(HEADER), "needs " + HEADER + " (Debian package libtdb-dev)");
    this.file = file;
    this.flags = flags;
    this.journal = journal;
    this.random = random;
    journalFile = dir.resolve("journal");
    guardFile = dir.resolve("guard");
    errors = dir.resolve("errors");
    program = dir.resolve("killed_worker");
    Path source = dir.resolve("killed_worker.c");
    try (var in = WorkerProcesses.class.getResourceAsStream("killed_worker.c")) {
      Files.copy(in, source);
    }
    var compiler =
        new ProcessBuilder(
                COMPILER.toString(),
                "-O2",
                "-Wall",
                "-Werror",
                "-o",
                program.toString(),
                source.toString(),
                "-ltdb")
            .inheritIO()
            .start();
    started.add(compiler);
    assertTrue(compiler.waitFor(60, TimeUnit.SECONDS), "the compiler does not end");
    assertEquals(0, compiler.exitValue(), "compiler's exit status");
    guard =
        FileChannel.open(
            guardFile,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE);
  }

  private List<String> command(boolean libtdb, String... arguments) {
    var command = new ArrayList<String>();
    if (libtdb) {
      command.add(program.toString());
    } else {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of(
              "-XX:TieredStopAtLevel=1",
              "-XX:+UseSerialGC",
              "-Xshare:auto",
              "-Xmx64m",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              classPath(Tdb.class) + ":" + classPath(KilledWorker.class),
              KilledWorker.class.getName()));
    }
    command.add(file.toString());
    command.add(String.valueOf(flags));
    command.addAll(List.of(arguments));
    return command;
  }

  private static String classPath(Class<?> type) {
    return type.getProtectionDomain().getCodeSource().getLocation().getPath();
  }

  private Process run(List<String> command) throws IOException {
    var process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
            .start();
    started.add(process);
    return process;
  }

  void start(boolean libtdb) throws IOException {
    int slot = 0;
    while (isUsed(slot)) {
      slot++;
    }
    for (Word word : Word.values()) {
      journal.set(slot, word, 0);
    }
    // Traverses lock records that lockAll waits for, and the other way round; see Tdb.traverse.
    // With mutexes this goes for commits too.
    String guardTransactions = (flags & TdbFlag.MUTEX_LOCKING.bit()) != 0 ? "1" : "0";
    var process =
        run(
            command(
                libtdb,
                journalFile.toString(),
                String.valueOf(slot),
                String.valueOf(random.nextInt(Integer.MAX_VALUE)),
                guardFile.toString(),
                guardTransactions));
    living.add(new Worker(slot, libtdb, process));
  }

  /** What a dead worker left in flight is looked at until somebody has settled it. */
  private boolean isUsed(int slot) {
    return journal.get(slot, Word.KIND) != 0
        || living.stream().anyMatch(worker -> worker.slot() == slot);
  }

  Process startMarker(boolean libtdb) throws IOException {
    return run(command(libtdb, "mark"));
  }

  int checkWithLibtdb() throws IOException, InterruptedException {
    var check = run(command(true, "check"));
    assertTrue(check.waitFor(60, TimeUnit.SECONDS), "tdb_check does not end");
    if (check.exitValue() != 0) {
      System.err.println(Files.readString(errors));
    }
    return check.exitValue();
  }

  Worker pick(boolean libtdb) {
    var same = living.stream().filter(worker -> worker.libtdb() == libtdb).toList();
    return same.get(random.nextInt(same.size()));
  }

  FileLock guard() throws IOException {
    return guard.lock(0, 1, false);
  }

  void await(Worker worker, String what, BooleanSupplier condition) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      requireAlive();
      if (System.nanoTime() - end > 0) {
        fail(
            "process "
                + worker.process().pid()
                + " does not come "
                + what
                + "\n"
                + Files.readString(errors));
      }
      LockSupport.parkNanos(100_000);
    }
  }

  private void requireAlive() throws IOException {
    for (Worker worker : living) {
      if (!worker.process().isAlive()) {
        fail("a process has ended by itself: " + worker + "\n" + Files.readString(errors));
      }
    }
  }

  /** Every worker does something, from now on. */
  void awaitProgress() throws IOException {
    var before = new long[living.size()];
    for (int i = 0; i < before.length; i++) {
      before[i] = journal.get(living.get(i).slot(), Word.PROGRESS);
    }
    for (int i = 0; i < before.length; i++) {
      long old = before[i];
      var worker = living.get(i);
      await(worker, "on", () -> journal.get(worker.slot(), Word.PROGRESS) > old);
    }
  }

  /** Stops it where it has no list half changed. */
  void stopOutsideAllocation(Worker worker) throws IOException, InterruptedException {
    while (true) {
      signal("STOP", worker);
      await(worker, "to a stop", () -> isStopped(worker));
      if (journal.get(worker.slot(), Word.PHASE) != KillJournal.ALLOCATES) {
        return;
      }
      signal("CONT", worker);
    }
  }

  private void signal(String signal, Worker worker) throws IOException, InterruptedException {
    var kill =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(worker.process().pid()))
            .inheritIO()
            .start();
    assertTrue(kill.waitFor(30, TimeUnit.SECONDS), "kill does not end");
    assertEquals(0, kill.exitValue(), "exit status of kill");
  }

  private static boolean isStopped(Worker worker) {
    try {
      String stat = Files.readString(Path.of("/proc/" + worker.process().pid() + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  void kill(Worker worker) throws InterruptedException {
    living.remove(worker);
    kill(worker.process());
  }

  /** As {@code kill -9} does; it has ended afterwards. */
  void kill(Process process) throws InterruptedException {
    process.destroyForcibly();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "a process does not die");
    started.remove(process);
  }

  @Override
  public void close() throws IOException {
    for (Process process : started) {
      process.destroyForcibly();
    }
    for (Process process : started) {
      try {
        process.waitFor(30, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    guard.close();
  }
}
