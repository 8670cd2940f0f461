// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.KillJournal.ACCOUNTS;
import static org.ctdbj.tdb.KillJournal.AMOUNT;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.ctdbj.tdb.KillJournal.Word;

/**
 * The records that the workers of {@link KilledHoldersTest} change, and what they must be according
 * to the journal. Failures are {@link AssertionError}s.
 *
 * <ul>
 *   <li>Counters, 8 bytes, are written in place: a kill leaves them as they were or one higher.
 *   <li>Blobs come, grow, and go: a kill in a change may leave anything of this blob, also nothing.
 *       What a blob must hold follows from a number: the upper 44 bits seed its bytes, the lower 20
 *       are its length; number 0 is no blob.
 *   <li>Accounts are changed in transactions only: their sum never changes.
 * </ul>
 */
final class JournalledRecords {
  static final int LENGTH_BITS = 20;
  private static final long LENGTH_MASK = (1 << LENGTH_BITS) - 1;

  private final Tdb tdb;
  private final KillJournal journal;
  private final int slot;

  /**
   * @param slot the worker's own, -1 for a mere observer
   */
  JournalledRecords(Tdb tdb, KillJournal journal, int slot) {
    this.tdb = tdb;
    this.journal = journal;
    this.slot = slot;
  }

  static byte[] name(char kind, int number) {
    return (String.valueOf(kind) + number).getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] bytes(long number, int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
  }

  static long number(byte[] value) {
    return value == null || value.length < 8
        ? -1
        : ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  static int lengthOf(long seq) {
    return (int) (seq & LENGTH_MASK);
  }

  /** Bytes {@code from} to the end of the blob {@code b} with this number. */
  static byte[] contents(long seq, int b, int from) {
    var bytes = new byte[lengthOf(seq) - from];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ((seq >> LENGTH_BITS) * 31 + b * 7L + from + i);
    }
    return bytes;
  }

  private static boolean matches(byte[] value, int b, long seq) {
    if (seq == 0 || value == null) {
      return seq == 0 && value == null;
    }
    return Arrays.equals(value, contents(seq, b, 0));
  }

  AssertionError violated(String what, long found, long expected) {
    return new AssertionError(
        "process "
            + ProcessHandle.current().pid()
            + ": "
            + what
            + ": found "
            + found
            + ", expected "
            + expected);
  }

  /** Everything as it is when nothing has been done. */
  void create() {
    for (int k = 0; k < KillJournal.COUNTERS; k++) {
      tdb.store(name('c', k), bytes(0, 8));
    }
    for (int a = 0; a < ACCOUNTS; a++) {
      tdb.store(name('a', a), bytes(AMOUNT, 8));
    }
    tdb.store(name('t', 0), bytes(0, 8));
  }

  /** The counter's value; its chain is locked. */
  long checkCounter(int k) {
    long found = number(tdb.fetch(name('c', k)));
    long expected = journal.get(KillJournal.counter(k));
    int dead = journal.leftByDead(slot, KillJournal.COUNTER, k);
    if (found != expected && !(dead >= 0 && found == expected + 1)) {
      throw violated("counter " + k, found, expected);
    }
    journal.set(KillJournal.counter(k), found);
    if (dead >= 0) {
      journal.settled(dead, KillJournal.COUNTER, k);
    }
    return found;
  }

  /** The blob's number; its chain is locked. */
  long checkBlob(int b) {
    byte[] value = tdb.fetch(name('b', b));
    long expected = journal.get(KillJournal.blob(b));
    int dead = journal.leftByDead(slot, KillJournal.BLOB, b);
    if (!matches(value, b, expected)) {
      if (dead < 0) {
        throw violated(
            "length of blob " + b, value == null ? -1 : value.length, lengthOf(expected));
      }
      expected = journal.get(dead, Word.SEQ);
      if (!matches(value, b, expected)) {
        journal.increment(KillJournal.TORN);
        expected = 0;
        tdb.delete(name('b', b));
      }
      journal.set(KillJournal.blob(b), expected);
    }
    if (dead >= 0) {
      journal.settled(dead, KillJournal.BLOB, b);
    }
    return expected;
  }

  long amount(int a) {
    byte[] value = tdb.fetch(name('a', a));
    if (value == null || value.length < 8) {
      throw violated("length of account " + a, value == null ? -1 : value.length, 8);
    }
    long amount = number(value);
    for (int i = 8; i < value.length; i++) {
      if (value[i] != (byte) (amount + i)) {
        throw violated("byte " + i + " of account " + a, value[i], (byte) (amount + i));
      }
    }
    return amount;
  }

  void putAmount(int a, long amount, Random random) {
    byte[] value = bytes(amount, 8 + random.nextInt(600));
    for (int i = 8; i < value.length; i++) {
      value[i] = (byte) (amount + i);
    }
    tdb.store(name('a', a), value);
  }

  /** Number of the last transaction. Nobody else can commit now. */
  long checkTransactions() {
    long found = number(tdb.fetch(name('t', 0)));
    long expected = journal.get(KillJournal.TRANSACTIONS);
    boolean known = found == expected;
    for (int other = 0; other < KillJournal.SLOTS; other++) {
      if (other != slot && journal.get(other, Word.KIND) == KillJournal.TRANSACTION) {
        known |= journal.get(other, Word.SEQ) == found && found == expected + 1;
        journal.settled(other, KillJournal.TRANSACTION, 0);
      }
    }
    // A living worker may have said so since.
    if (!known && found != journal.get(KillJournal.TRANSACTIONS)) {
      throw violated("transactions", found, expected);
    }
    journal.set(KillJournal.TRANSACTIONS, found);
    long sum = 0;
    for (int a = 0; a < ACCOUNTS; a++) {
      sum += amount(a);
    }
    if (sum != ACCOUNTS * AMOUNT) {
      throw violated("sum of the accounts", sum, ACCOUNTS * AMOUNT);
    }
    return found;
  }

  /** The whole database is locked. */
  void checkAll() {
    for (int k = 0; k < KillJournal.COUNTERS; k++) {
      checkCounter(k);
    }
    for (int b = 0; b < KillJournal.BLOBS; b++) {
      checkBlob(b);
    }
    checkTransactions();
  }
}
