// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.JournalledRecords.LENGTH_BITS;
import static org.ctdbj.tdb.JournalledRecords.contents;
import static org.ctdbj.tdb.JournalledRecords.lengthOf;
import static org.ctdbj.tdb.JournalledRecords.name;
import static org.ctdbj.tdb.KillJournal.ACCOUNTS;
import static org.ctdbj.tdb.KillJournal.BLOBS;
import static org.ctdbj.tdb.KillJournal.COUNTERS;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.ctdbj.tdb.KillJournal.Point;
import org.ctdbj.tdb.KillJournal.Word;

/**
 * A process that uses this library until it is killed; killed_worker.c does the same with libtdb
 * and takes the same arguments.
 */
final class KilledWorker {
  private final Tdb tdb;
  private final KillJournal journal;
  private final int slot;
  private final Random random;
  private final FileChannel guard;
  private final boolean guardTransactions;
  private final JournalledRecords records;

  private KilledWorker(
      Tdb tdb,
      KillJournal journal,
      int slot,
      long seed,
      FileChannel guard,
      boolean guardTransactions) {
    this.tdb = tdb;
    this.journal = journal;
    this.slot = slot;
    this.random = new Random(seed);
    this.guard = guard;
    this.guardTransactions = guardTransactions;
    this.records = new JournalledRecords(tdb, journal, slot);
  }

  public static void main(String[] arguments) throws Exception {
    Thread.ofPlatform().daemon().start(KilledWorker::endWithTheTest);
    var options =
        TdbOptions.ofBits(Integer.parseInt(arguments[1])).withCreate(true).withHashSize(11);
    try (var tdb = Tdb.open(Path.of(arguments[0]), options)) {
      if (arguments[2].equals("mark")) {
        mark(tdb);
      }
      try (var journal = new KillJournal(Path.of(arguments[2]));
          var guard =
              FileChannel.open(
                  Path.of(arguments[5]), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        int slot = Integer.parseInt(arguments[3]);
        var worker =
            new KilledWorker(
                tdb, journal, slot, Long.parseLong(arguments[4]), guard, arguments[6].equals("1"));
        while (true) {
          worker.step();
          journal.set(slot, Word.PROGRESS, journal.get(slot, Word.PROGRESS) + 1);
        }
      }
    }
  }

  /** The other end of standard input is open as long as the test lives. */
  private static void endWithTheTest() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      Runtime.getRuntime().halt(4);
    }
  }

  private static void mark(Tdb tdb) {
    System.out.println(tdb.traverseRead((key, value) -> true));
    byte[] key = JournalledRecords.bytes(ProcessHandle.current().pid(), 8);
    tdb.store(key, StoreMode.INSERT, MemorySegment.ofArray(key));
    System.out.println("marked");
    stay();
  }

  private static void stay() {
    while (true) {
      LockSupport.park();
    }
  }

  private void point(Point point) {
    if (journal.get(slot, Word.COMMAND) == point.code()) {
      journal.set(slot, Word.AT, point.code());
      stay();
    }
  }

  private void step() throws Exception {
    long command = journal.get(slot, Word.COMMAND);
    if (command != 0) {
      switch (Point.of(command)) {
        case LOCKED, STORED -> increment();
        case READ_TRAVERSE -> walk(false);
        case TRAVERSE -> walk(true);
        case TX_OPEN, TX_INNER, TX_PREPARED, COMMITTING -> transaction();
        case ALL_LOCKED -> checkAll();
      }
      return;
    }
    int what = random.nextInt(100);
    if (what < 40) {
      increment();
    } else if (what < 84) {
      changeBlob(random.nextInt(BLOBS), false);
    } else if (what < 88) {
      walk(false);
    } else if (what < 91) {
      walk(true);
    } else if (what < 94) {
      checkAll();
    } else {
      transaction();
    }
  }

  private void increment() {
    int k = random.nextInt(COUNTERS);
    byte[] key = name('c', k);
    tdb.lockChain(key);
    long count = records.checkCounter(k) + 1;
    journal.inFlight(slot, KillJournal.COUNTER, k, count);
    point(Point.LOCKED);
    tdb.store(key, StoreMode.MODIFY, MemorySegment.ofArray(JournalledRecords.bytes(count, 8)));
    point(Point.STORED);
    journal.set(KillJournal.counter(k), count);
    journal.settled(slot);
    tdb.unlockChain(key);
  }

  private void changeBlob(int b, boolean onlyDelete) {
    byte[] key = name('b', b);
    tdb.lockChain(key);
    long seq = records.checkBlob(b);
    int what = onlyDelete ? 0 : random.nextInt(4);
    int length = 1 + random.nextInt(900);
    long made = (((seq >> LENGTH_BITS) + 1 + random.nextInt(1000)) << LENGTH_BITS) | length;
    if (what == 1 && seq != 0 && lengthOf(seq) + length < 4096) {
      made = seq + length;
      journal.inFlight(slot, KillJournal.BLOB, b, made);
      tdb.append(key, contents(made, b, lengthOf(seq)));
    } else if (what == 0 && seq != 0) {
      made = 0;
      journal.inFlight(slot, KillJournal.BLOB, b, made);
      tdb.delete(key);
    } else if (onlyDelete) {
      made = seq;
    } else {
      journal.inFlight(slot, KillJournal.BLOB, b, made);
      if (what == 2 && seq != 0) {
        tdb.delete(key);
        tdb.store(key, StoreMode.INSERT, MemorySegment.ofArray(contents(made, b, 0)));
      } else {
        tdb.store(key, contents(made, b, 0));
      }
    }
    journal.set(KillJournal.blob(b), made);
    journal.settled(slot);
    tdb.unlockChain(key);
  }

  private boolean visit(byte[] key, int[] seen, boolean deleting) {
    String name = new String(key, StandardCharsets.US_ASCII);
    if (!name.matches("[abct]\\d{1,2}")) {
      throw new AssertionError("a key that nobody stored: " + name);
    }
    int number = Integer.parseInt(name, 1, name.length(), 10);
    char kind = name.charAt(0);
    if (kind == 'c') {
      seen[number]++;
    }
    if (deleting && kind == 'b' && random.nextInt(6) == 0) {
      changeBlob(number, true);
    }
    if (number == 3) {
      point(deleting ? Point.TRAVERSE : Point.READ_TRAVERSE);
    }
    return true;
  }

  private void walk(boolean deleting) throws Exception {
    var seen = new int[COUNTERS];
    try (var shared = guard.lock(0, 1, true)) {
      assert shared.isValid();
      if (deleting) {
        tdb.traverse((key, value) -> visit(key, seen, true));
      } else {
        tdb.traverseRead((key, value) -> visit(key, seen, false));
      }
    }
    for (int k = 0; k < COUNTERS; k++) {
      if (seen[k] != 1) {
        throw records.violated("times that a traverse met counter " + k, seen[k], 1);
      }
    }
  }

  private void checkAll() throws Exception {
    try (var exclusive = guard.lock(0, 1, false)) {
      assert exclusive.isValid();
      tdb.lockAll();
      point(Point.ALL_LOCKED);
      records.checkAll();
      tdb.unlockAll();
    }
  }

  private void move() {
    int from = random.nextInt(ACCOUNTS);
    int to = random.nextInt(ACCOUNTS);
    long some = random.nextInt(50);
    records.putAmount(from, records.amount(from) - some, random);
    records.putAmount(to, records.amount(to) + some, random);
  }

  private void transaction() throws Exception {
    if (!guardTransactions) {
      move(random.nextInt(6), journal.get(slot, Word.COMMAND));
      return;
    }
    try (var exclusive = guard.lock(0, 1, false)) {
      assert exclusive.isValid();
      move(random.nextInt(6), journal.get(slot, Word.COMMAND));
    }
  }

  private void move(int how, long command) {
    tdb.transactionStart();
    long count = records.checkTransactions() + 1;
    move();
    point(Point.TX_OPEN);
    if (how < 2 || command == Point.TX_INNER.code()) {
      tdb.transactionStart();
      move();
      tdb.transactionCommit();
      point(Point.TX_INNER);
    }
    if (how == 2 && command == 0) {
      tdb.transactionCancel();
      return;
    }
    tdb.store(name('t', 0), JournalledRecords.bytes(count, 8));
    journal.inFlight(slot, KillJournal.TRANSACTION, 0, count);
    journal.set(slot, Word.PHASE, KillJournal.COMMITS);
    if (how == 3 || command == Point.TX_PREPARED.code()) {
      tdb.transactionPrepareCommit();
      point(Point.TX_PREPARED);
    }
    tdb.transactionCommit();
    journal.set(slot, Word.PHASE, 0);
    journal.raiseTransactions(count);
    journal.settled(slot);
  }
}
