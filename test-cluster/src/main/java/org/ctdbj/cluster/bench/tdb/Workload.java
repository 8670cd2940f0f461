// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench.tdb;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Function;
import org.ctdbj.tdb.RecordVisitor;
import org.ctdbj.tdb.StoreMode;
import org.ctdbj.tdb.Tdb;

/**
 * The operations that are measured, with the keys, values and order of the C program beside it
 * (libtdb.c).
 */
final class Workload {
  /** What is done again and again; the C program knows it by the same name. */
  enum Operation {
    FETCH,
    PARSE,
    STORE,
    GROW,
    REINSERT,
    LOCK,
    UPDATE,
    TRAVERSE,
    LOAD,
    COMMIT1,
    COMMIT10,
    COMMIT1000
  }

  private static final int KEY_LENGTH = 24;

  /** Steps from key to key; no number of records used here is a multiple of it. */
  private static final long STRIDE = 7919;

  /** Lengths of a value that grows; each is too long for the record of the one before. */
  private static final int[] GROWTH = {100, 160, 250, 400, 640, 1000};

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private byte[][] keys = new byte[0][];
  private long changes;
  private long sum;

  private final RecordVisitor visitor =
      (key, value) -> {
        sum += key.length + value.length;
        return true;
      };

  static byte[] key(long i) {
    long first = (i + 1) * 0x9E3779B97F4A7C15L;
    long second = first ^ (first >>> 29);
    return ByteBuffer.allocate(KEY_LENGTH)
        .order(ByteOrder.nativeOrder())
        .putLong(first)
        .putLong(second)
        .putLong(second * 0xBF58476D1CE4E5B9L)
        .array();
  }

  void makeKeys(int count) {
    if (keys.length < count) {
      keys = new byte[count][];
      for (int i = 0; i < count; i++) {
        keys[i] = key(i);
      }
    }
  }

  /** Of all that was read, so that no reading can be left out. */
  long sum() {
    return sum;
  }

  void fill(Tdb tdb, int records, int length) {
    tdb.wipe();
    var data = MemorySegment.ofArray(new byte[length]);
    for (int i = 0; i < records; i++) {
      store(tdb, i, data);
    }
  }

  /**
   * Does an operation again and again.
   *
   * @param count how often; for a traverse and a load, records that come by
   * @param records in the database, or to be
   * @param length of the values, in bytes
   */
  void run(Tdb tdb, Operation operation, int count, int records, int length) {
    var data = MemorySegment.ofArray(new byte[length]);
    switch (operation) {
      case FETCH -> fetch(tdb, count, records);
      case PARSE -> parse(tdb, count, records);
      case STORE -> stores(tdb, count, records, data);
      case GROW -> grow(tdb, count, records);
      case REINSERT -> reinsert(tdb, count, records, data);
      case LOCK -> lock(tdb, count, records);
      case UPDATE -> update(tdb, count, records, data);
      case TRAVERSE -> traverse(tdb, count, records);
      case LOAD -> load(tdb, count, data);
      case COMMIT1 -> commits(tdb, count, 1, records, data);
      case COMMIT10 -> commits(tdb, count, 10, records, data);
      case COMMIT1000 -> commits(tdb, count, 1000, records, data);
    }
  }

  private static int index(long j, int records) {
    return (int) (j * STRIDE % records);
  }

  private void store(Tdb tdb, int i, MemorySegment data) {
    data.set(LONG, 0, ++changes);
    tdb.store(keys[i], StoreMode.REPLACE, data);
  }

  private void fetch(Tdb tdb, int count, int records) {
    for (int j = 0; j < count; j++) {
      sum += tdb.fetch(keys[index(j, records)]).length;
    }
  }

  private Void see(MemorySegment data) {
    sum += data.get(LONG, 0) + data.byteSize();
    return null;
  }

  private void parse(Tdb tdb, int count, int records) {
    Function<MemorySegment, Void> parser = this::see;
    for (int j = 0; j < count; j++) {
      tdb.parse(keys[index(j, records)], parser);
    }
  }

  private void stores(Tdb tdb, int count, int records, MemorySegment data) {
    for (int j = 0; j < count; j++) {
      store(tdb, index(j, records), data);
    }
  }

  private void grow(Tdb tdb, int count, int records) {
    for (int j = 0; j < count; ) {
      var data = MemorySegment.ofArray(new byte[GROWTH[j / records]]);
      for (int i = 0; i < records; i++, j++) {
        store(tdb, index(j, records), data);
      }
    }
  }

  private void reinsert(Tdb tdb, int count, int records, MemorySegment data) {
    for (int j = 0; j < count; j++) {
      int i = index(j, records);
      tdb.delete(keys[i]);
      store(tdb, i, data);
    }
  }

  private void lock(Tdb tdb, int count, int records) {
    for (int j = 0; j < count; j++) {
      byte[] key = keys[index(j, records)];
      tdb.lockChain(key);
      tdb.unlockChain(key);
    }
  }

  private void update(Tdb tdb, int count, int records, MemorySegment data) {
    for (int j = 0; j < count; j++) {
      int i = index(j, records);
      tdb.lockChain(keys[i]);
      sum += tdb.fetch(keys[i]).length;
      store(tdb, i, data);
      tdb.unlockChain(keys[i]);
    }
  }

  private void traverse(Tdb tdb, int count, int records) {
    for (int j = 0; j < count; j += records) {
      if (tdb.traverseRead(visitor) != records) {
        throw new IllegalStateException("a traverse has not found all " + records + " records");
      }
    }
  }

  private void load(Tdb tdb, int count, MemorySegment data) {
    tdb.lockAll();
    for (int j = 0; j < count; j++) {
      store(tdb, j, data);
    }
    tdb.unlockAll();
  }

  private void commits(Tdb tdb, int count, int each, int records, MemorySegment data) {
    for (int j = 0; j < count; j++) {
      tdb.transactionStart();
      for (int i = 0; i < each; i++) {
        store(tdb, index((long) j * each + i, records), data);
      }
      tdb.transactionCommit();
    }
  }
}
