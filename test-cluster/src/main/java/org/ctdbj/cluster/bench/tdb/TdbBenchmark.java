// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench.tdb;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.ctdbj.cluster.FileTree;
import org.ctdbj.tdb.StoreMode;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Calls on single records, by JMH: what each costs and, with {@code -prof gc}, allocates. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgs = {"-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"})
public class TdbBenchmark {
  /** How chains are locked. */
  public enum Locks {
    NONE(TdbFlag.NOLOCK.bit()),
    FCNTL(0),
    MUTEX(TdbFlag.MUTEX_LOCKING.bit());

    private final int flag;

    Locks(int flag) {
      this.flag = flag;
    }
  }

  private static final int RECORDS = 1_000;
  private static final int HASH_SIZE = 1_009;
  private static final int VALUE = 100;
  private static final int STRIDE = 919;
  private static final int FLAGS =
      TdbFlag.CLEAR_IF_FIRST.bit() | TdbFlag.NOSYNC.bit() | TdbFlag.INCOMPATIBLE_HASH.bit();

  /** The locks of the file that is measured. */
  @Param public Locks locks;

  private final byte[][] keys = new byte[RECORDS][];
  private final MemorySegment value = MemorySegment.ofArray(new byte[VALUE]);
  private Path directory;
  private Tdb tdb;
  private int next;
  private long changes;
  private long sum;
  private Function<MemorySegment, Void> parser;

  /** Fills a database. */
  @Setup(Level.Trial)
  public void fill() throws IOException {
    parser = this::see;
    directory = Files.createTempDirectory("tdb-jmh");
    var options = TdbOptions.ofBits(FLAGS | locks.flag).withHashSize(HASH_SIZE).withCreate(true);
    tdb = Tdb.open(directory.resolve("jmh.tdb"), options);
    for (int i = 0; i < RECORDS; i++) {
      keys[i] = Workload.key(i);
      tdb.store(keys[i], StoreMode.REPLACE, value);
    }
  }

  /** Removes it. */
  @TearDown(Level.Trial)
  public void remove() {
    tdb.close();
    FileTree.delete(directory);
  }

  private byte[] nextKey() {
    next += STRIDE;
    if (next >= RECORDS) {
      next -= RECORDS;
    }
    return keys[next];
  }

  private Void see(MemorySegment data) {
    sum += data.get(ValueLayout.JAVA_BYTE, VALUE - 1);
    return null;
  }

  private MemorySegment changedValue() {
    value.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, ++changes);
    return value;
  }

  /** Allocates the array that it returns. */
  @Benchmark
  public byte[] fetch() {
    return tdb.fetch(nextKey());
  }

  /** Shows a value without copying it. */
  @Benchmark
  public long parse() {
    tdb.parse(nextKey(), parser);
    return sum;
  }

  /** Looks for a record. */
  @Benchmark
  public boolean exists() {
    return tdb.exists(nextKey());
  }

  /** Overwrites a value in place. */
  @Benchmark
  public void store() {
    tdb.store(nextKey(), StoreMode.REPLACE, changedValue());
  }

  /** One lock, exclusive. */
  @Benchmark
  public void lockAndUnlock() {
    byte[] key = nextKey();
    tdb.lockChain(key);
    tdb.unlockChain(key);
  }

  /** One lock, shared. */
  @Benchmark
  public void lockAndUnlockRead() {
    byte[] key = nextKey();
    tdb.lockChainRead(key);
    tdb.unlockChainRead(key);
  }

  /** What smbd does with a record it may change. */
  @Benchmark
  public byte[] update() {
    byte[] key = nextKey();
    tdb.lockChain(key);
    byte[] old = tdb.fetch(key);
    tdb.store(key, StoreMode.REPLACE, changedValue());
    tdb.unlockChain(key);
    return old;
  }
}
