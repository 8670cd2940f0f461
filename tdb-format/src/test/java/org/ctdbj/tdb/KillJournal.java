// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What the workers of {@link KilledHoldersTest} have done and are about to do: a mapped file, so
 * that what a worker has written survives its SIGKILL. 64-bit words in the order of the machine;
 * killed_worker.c has the same layout.
 *
 * <p>The words at the beginning say what is in the TDB file. Each of them is changed only under the
 * TDB lock of the record it is about, and after the record. Before a worker changes a record, under
 * the same lock, it says in its slot what it is going to make of it ("in flight"), and takes that
 * back before it unlocks (after it in a transaction, whose commit unlocks). So whoever holds the
 * lock and finds something of another slot in flight for this record knows that its worker is dead,
 * and that the record may be as before or as announced; without such an announcement it must be
 * exactly as the journal says.
 */
final class KillJournal implements AutoCloseable {
  static final int COUNTERS = 8;
  static final int BLOBS = 32;
  static final int ACCOUNTS = 8;
  static final long AMOUNT = 1000;
  static final int SLOTS = 256;

  /** Kinds of what is in flight. */
  static final long COUNTER = 1;

  static final long BLOB = 2;
  static final long TRANSACTION = 3;

  /** Phases: in a change of lists outside a transaction, and in a commit. */
  static final long ALLOCATES = 1;

  static final long COMMITS = 2;

  /** Number of the last transaction that is in the file. */
  static final long TRANSACTIONS = 0;

  /** How often something was found of a blob whose writer had been killed that it never was. */
  static final long TORN = 8;

  private static final long COUNTER_WORDS = 64;
  private static final long BLOB_WORDS = 128;
  private static final long SLOT_WORDS = 1024;
  private static final long SLOT_SIZE = 128;
  static final long SIZE = SLOT_WORDS + SLOTS * SLOT_SIZE;

  /** Words of a slot. */
  enum Word {
    PROGRESS(0),
    KIND(8),
    SEQ(24),
    COMMAND(32),
    AT(40),
    PHASE(48);

    private final long offset;

    Word(long offset) {
      this.offset = offset;
    }
  }

  /** Where a worker stops, when it is told to, to be killed. */
  enum Point {
    LOCKED(1),
    STORED(2),
    READ_TRAVERSE(3),
    TRAVERSE(4),
    TX_OPEN(5),
    TX_INNER(6),
    TX_PREPARED(7),
    ALL_LOCKED(8),
    /** No stop: the worker only goes for a commit. */
    COMMITTING(9);

    private final int code;

    Point(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static Point of(long code) {
      for (Point point : values()) {
        if (point.code == code) {
          return point;
        }
      }
      throw new IllegalArgumentException("no such point: " + code);
    }
  }

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment words;

  KillJournal(Path file) throws IOException {
    try (var channel =
        FileChannel.open(
            file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      words = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, arena);
    }
  }

  static long counter(int k) {
    return COUNTER_WORDS + 8L * k;
  }

  static long blob(int b) {
    return BLOB_WORDS + 8L * b;
  }

  static long at(int slot, Word word) {
    return SLOT_WORDS + SLOT_SIZE * slot + word.offset;
  }

  long get(long offset) {
    return (long) LONG.getVolatile(words, offset);
  }

  void set(long offset, long value) {
    LONG.setVolatile(words, offset, value);
  }

  long get(int slot, Word word) {
    return get(at(slot, word));
  }

  void set(int slot, Word word, long value) {
    set(at(slot, word), value);
  }

  void increment(long offset) {
    long before = (long) LONG.getAndAdd(words, offset, 1L);
    assert before >= 0;
  }

  /** Sets the number of transactions, unless others have set it higher. */
  void raiseTransactions(long to) {
    long known = get(TRANSACTIONS);
    while (known < to && !LONG.compareAndSet(words, TRANSACTIONS, known, to)) {
      known = get(TRANSACTIONS);
    }
  }

  /**
   * A slot, not {@code own}, that has something in flight for a record whose lock the caller holds:
   * its worker is dead. -1 if there is none.
   */
  int leftByDead(int own, long kind, int key) {
    for (int slot = 0; slot < SLOTS; slot++) {
      if (slot != own && get(slot, Word.KIND) == doing(kind, key)) {
        return slot;
      }
    }
    return -1;
  }

  void inFlight(int slot, long kind, int key, long seq) {
    set(slot, Word.SEQ, seq);
    set(slot, Word.KIND, doing(kind, key));
  }

  /** In one word, so that nobody reads one half of before and one of after. */
  private static long doing(long kind, int key) {
    return kind | (long) key << 8;
  }

  /** The slot's own worker has done it. */
  void settled(int slot) {
    set(slot, Word.KIND, 0);
  }

  /** Only if nobody has and the slot's worker is not about something else by now. */
  void settled(int slot, long kind, int key) {
    boolean done = LONG.compareAndSet(words, at(slot, Word.KIND), doing(kind, key), 0L);
    assert done || get(slot, Word.KIND) != doing(kind, key);
  }

  @Override
  public void close() {
    arena.close();
  }
}
