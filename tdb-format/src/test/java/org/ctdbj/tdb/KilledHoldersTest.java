// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.ctdbj.tdb.KillJournal.Point;
import org.ctdbj.tdb.KillJournal.Word;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Processes with libtdb and processes with this library work on one file, and are killed with
 * SIGKILL over and over. Whatever the survivors find must be what the journal says, see {@link
 * KillJournal}: no change of a killed process is there that it had not announced, no record of
 * others is touched, and nobody waits for the dead for ever.
 *
 * <p>At <em>points</em> the victims are killed while they hold what is asked for: a chain, all
 * records, a transaction that is open or prepared, a traverse. The file must be without any fault
 * afterwards. At <em>random</em> they are killed anywhere. What that may leave outside
 * transactions: the record that was being changed is missing or its value is a mixture, and space
 * is on no list. What lists lead to must never overlap, see {@link ListedSpace}. Processes with
 * libtdb are not killed in the middle of an allocation or a release of space, for which libtdb
 * itself does not promise that: it joins a free record with its left neighbour before it takes it
 * from the list. {@link InterruptedChangeTest} ends our changes between all of their writes.
 *
 * <p>Traverses that lock records and {@link Tdb#lockAll} wait for each other for ever, with libtdb
 * too where there are mutexes, so a lock on a file beside the database keeps them apart here.
 *
 * <p>{@code -Dctdbj.kill.seconds=N} has each of the four runs last N seconds instead of about 2;
 * {@code -Dctdbj.kill.seed=N} repeats a run's choices, but not its timing.
 */
@Tag("interop")
class KilledHoldersTest {
  private static final int WORKERS = 4;
  private static final List<Point> STOPS =
      List.copyOf(EnumSet.complementOf(EnumSet.of(Point.COMMITTING)));
  private static final long SECONDS = Long.getLong("ctdbj.kill.seconds", 2);
  private static final long SEED = Long.getLong("ctdbj.kill.seed", System.nanoTime());

  @TempDir Path dir;

  private KillJournal journal;
  private WorkerProcesses workers;
  private Random random;
  private final int[] killedAt = new int[Point.values().length + 1];

  @ParameterizedTest(name = "flags {0}, {1}")
  @CsvSource({"0x200,POINTS", "0x1A41,POINTS", "0x200,RANDOM", "0x1A41,RANDOM"})
  void survivorsFindWhatTheDeadHaveDone(String flagBits, String how) throws Exception {
    int flags = Integer.decode(flagBits);
    boolean atPoints = how.equals("POINTS");
    Path file = dir.resolve("killed.tdb");
    random = new Random(SEED);
    var options = TdbOptions.ofBits(flags).withHashSize(11);
    try (var tdb = Tdb.open(file, options.withCreate(true));
        var openJournal = new KillJournal(dir.resolve("journal"));
        var processes = new WorkerProcesses(dir, file, flags, openJournal, random)) {
      journal = openJournal;
      workers = processes;
      var records = new JournalledRecords(tdb, journal, -1);
      records.create();
      leaveRoom(tdb);
      for (int i = 0; i < WORKERS; i++) {
        workers.start(i % 2 == 0);
      }
      workers.awaitProgress();
      int kills = 0;
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      int rounds = atPoints ? 2 * STOPS.size() : 10;
      while (kills < rounds || System.nanoTime() - end < 0) {
        // Every second one is a JVM; each kind meets every point in turn.
        boolean libtdb = kills % 2 == 0;
        var victim = workers.pick(libtdb);
        if (atPoints) {
          killAt(victim, STOPS.get(kills / 2 % STOPS.size()));
        } else {
          killSomewhere(victim, kills % 5 == 4);
        }
        kills++;
        workers.awaitProgress();
        workers.start(libtdb);
        if (kills % 10 == 0) {
          examine(tdb, records);
        }
      }
      for (int i = 0; i < WORKERS; i++) {
        killAt(workers.pick(i % 2 == 0), Point.ALL_LOCKED);
      }
      examine(tdb, records);
      System.out.printf(
          "flags %s, %s: %d kills %s, %d blobs torn, %d transactions, seed %d%n",
          flagBits,
          how,
          kills,
          Arrays.toString(killedAt),
          journal.get(KillJournal.TORN),
          journal.get(KillJournal.TRANSACTIONS),
          SEED);
      if (atPoints) {
        assertEquals(0, journal.get(KillJournal.TORN), "changes that no kill can have torn");
        assertEquals(List.of(), tdb.check().findings());
        assertEquals(0, workers.checkWithLibtdb(), "exit status of tdb_check");
      } else {
        assertEquals(List.of(), unexpected(tdb.check()));
      }
    }
  }

  /** A commit that need not grow the file leaves no space behind that is on no list. */
  private static void leaveRoom(Tdb tdb) {
    tdb.store(new byte[1], new byte[2_000_000]);
    tdb.delete(new byte[1]);
    tdb.transactionStart();
    for (int i = 0; i < 50; i++) {
      tdb.store(("x" + i).getBytes(java.nio.charset.StandardCharsets.US_ASCII), new byte[4000]);
    }
    tdb.transactionCommit();
    tdb.transactionStart();
    for (int i = 0; i < 50; i++) {
      tdb.delete(("x" + i).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
    tdb.transactionCommit();
  }

  private void killAt(WorkerProcesses.Worker victim, Point point) throws Exception {
    journal.set(victim.slot(), Word.COMMAND, point.code());
    workers.await(
        victim, "to get to " + point, () -> journal.get(victim.slot(), Word.AT) == point.code());
    workers.kill(victim);
    killedAt[point.code()]++;
  }

  private void killSomewhere(WorkerProcesses.Worker victim, boolean committing) throws Exception {
    if (committing) {
      journal.set(victim.slot(), Word.COMMAND, Point.COMMITTING.code());
      workers.await(
          victim, "to commit", () -> journal.get(victim.slot(), Word.PHASE) == KillJournal.COMMITS);
      LockSupport.parkNanos(random.nextInt(500_000));
    } else {
      LockSupport.parkNanos(random.nextInt(20_000_000));
    }
    if (victim.libtdb()) {
      workers.stopOutsideAllocation(victim);
    }
    if (journal.get(victim.slot(), Word.PHASE) == KillJournal.COMMITS) {
      killedAt[Point.COMMITTING.code()]++;
    } else {
      killedAt[0]++;
    }
    workers.kill(victim);
  }

  private void examine(Tdb tdb, JournalledRecords records) throws IOException {
    try (var exclusive = workers.guard()) {
      assertTrue(exclusive.isValid());
      tdb.lockAll();
      try {
        records.checkAll();
        // Nobody else walks the free list but under a chain lock.
        assertEquals(List.of(), ListedSpace.faults(tdb.state.io, tdb.hashSize()));
      } finally {
        tdb.unlockAll();
      }
    }
  }

  /** Findings that say more than that space was lost. */
  private static List<CheckReport.Finding> unexpected(CheckReport report) {
    var unexpected = new ArrayList<CheckReport.Finding>();
    // What no list leads to can be anything: taken from the free list and not filled in yet, say.
    var unlisted =
        report.findings().stream()
            .filter(f -> f.found().equals("a record in no list"))
            .map(CheckReport.Finding::offset)
            .toList();
    for (var finding : report.findings()) {
      boolean lost =
          unlisted.contains(finding.offset())
              || finding.expected().equals("a record")
              || finding.expected().startsWith("length ");
      // Behind what cannot be walked over, no record is known.
      boolean unwalked =
          report.findings().stream().anyMatch(f -> f.expected().equals("a record"))
              && (finding.expected().contains("in one chain once")
                  || finding.expected().contains("on the list once")
                  || finding.expected().equals("the offset of a recovery area"));
      if (!lost && !unwalked) {
        unexpected.add(finding);
      }
    }
    return unexpected;
  }

  /** Whoever opens first empties the file, but only if nobody has it open who still lives. */
  @ParameterizedTest(name = "flags {0}")
  @CsvSource({"0xA41", "0x1A41"})
  void onlyTheFirstOpenerEmptiesTheFile(String flagBits) throws Exception {
    random = new Random(SEED);
    Path file = dir.resolve("first.tdb");
    try (var openJournal = new KillJournal(dir.resolve("journal"));
        var processes =
            new WorkerProcesses(dir, file, Integer.decode(flagBits), openJournal, random)) {
      int marks = 0;
      var living = new ArrayList<Process>();
      for (int i = 0; i < 12; i++) {
        while (!living.isEmpty() && random.nextInt(3) > 0) {
          processes.kill(living.remove(random.nextInt(living.size())));
        }
        marks = living.isEmpty() ? 0 : marks;
        var opener = processes.startMarker(i % 3 != 2);
        living.add(opener);
        var output = opener.inputReader();
        assertEquals(String.valueOf(marks), output.readLine(), "records, opener " + i);
        assertEquals("marked", output.readLine());
        marks++;
      }
    }
  }

  @Test
  void journalHasTheLayoutOfTheProgram() {
    assertEquals(1024 + 256 * 128, KillJournal.SIZE);
    assertEquals(384, KillJournal.blob(KillJournal.BLOBS));
  }
}
