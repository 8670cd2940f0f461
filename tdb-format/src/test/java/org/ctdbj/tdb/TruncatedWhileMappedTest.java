// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.ctdbj.tdb.lock.MutexArea;
import org.ctdbj.tdb.os.RobustMutexes;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Another process cuts a file that is mapped here. The machine reports that with a signal where the
 * memory is touched, which ends the JVM unless the code that touches it is made for that: so each
 * call is made often enough before to be compiled code.
 */
@Tag("interop")
class TruncatedWhileMappedTest {
  private static final Path TRUNCATE = Path.of("/usr/bin/truncate");
  private static final Path PYTHON = Path.of("/usr/bin/python3");
  private static final int HASH_SIZE = 1009;
  private static final int RECORDS = 200;

  /** Arguments: file, number of mutexes beside the allrecord mutex, size of a mutex. */
  private static final String LOCKS =
      """
      import ctypes, fcntl, mmap, os, sys
      fd = os.open(sys.argv[1], os.O_RDWR)
      count, size = int(sys.argv[2]), int(sys.argv[3])
      held = []
      for start, length in ((0, 4), (5, 0)):
          try:
              fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
          except OSError:
              held.append('bytes from %d' % start)
      if count:
          m = mmap.mmap(fd, 176 + size * (count + 1))
          address = ctypes.addressof(ctypes.c_char.from_buffer(m))
          libc = ctypes.CDLL(None)
          for at in [168] + [176 + size * (i + 1) for i in range(count)]:
              mutex = ctypes.c_void_p(address + at)
              if libc.pthread_mutex_trylock(mutex):
                  held.append('mutex at %d' % at)
              else:
                  libc.pthread_mutex_unlock(mutex)
          if int.from_bytes(m[168 + size:170 + size], sys.byteorder) != 2:
              held.append('allrecord word')
      print(', '.join(held) or 'free')
      """;

  private static final int LARGE = 64 * 1024;
  private static final int CALLS_TO_COMPILE = 12_000;

  @TempDir Path dir;

  interface Call {
    void run(Tdb tdb, int i);
  }

  /** {@code headerOnly}: needs nothing behind the file's first page. */
  record Case(String name, int calls, boolean headerOnly, Call call) {
    Case(String name, int calls, Call call) {
      this(name, calls, false, call);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static byte[] key(int i) {
    return ("key " + i % RECORDS).getBytes(StandardCharsets.UTF_8);
  }

  private static List<Case> calls() {
    return List.of(
        new Case("fetch", CALLS_TO_COMPILE, (tdb, i) -> tdb.fetch(key(i))),
        new Case("exists", CALLS_TO_COMPILE, (tdb, i) -> tdb.exists(key(i))),
        new Case(
            "parse",
            CALLS_TO_COMPILE,
            (tdb, i) -> tdb.parse(key(i), value -> value.toArray(ValueLayout.JAVA_BYTE))),
        new Case("store the same", CALLS_TO_COMPILE, (tdb, i) -> tdb.store(key(i), new byte[500])),
        new Case(
            "store the same in parts",
            CALLS_TO_COMPILE,
            (tdb, i) ->
                tdb.store(
                    key(i),
                    StoreMode.REPLACE,
                    MemorySegment.ofArray(new byte[100]),
                    MemorySegment.ofArray(new byte[400]))),
        new Case(
            "store another",
            CALLS_TO_COMPILE,
            (tdb, i) -> {
              var value = new byte[500];
              value[499] = (byte) (1 + i / RECORDS);
              tdb.store(key(i), value);
            }),
        new Case(
            "delete",
            CALLS_TO_COMPILE,
            (tdb, i) -> {
              tdb.delete(key(i));
              tdb.store(key(i), new byte[500]);
            }),
        new Case("append", CALLS_TO_COMPILE, (tdb, i) -> tdb.append(key(i), new byte[0])),
        new Case("nextKey", CALLS_TO_COMPILE, (tdb, i) -> tdb.nextKey(key(i))),
        new Case("firstKey", CALLS_TO_COMPILE, (tdb, i) -> tdb.firstKey()),
        new Case("check", 60, (tdb, i) -> tdb.check()),
        new Case("summary", 60, (tdb, i) -> tdb.summary()),
        new Case("statistics", 60, (tdb, i) -> tdb.statistics()),
        new Case("info", 60, (tdb, i) -> tdb.info()),
        new Case("rescue", 60, (tdb, i) -> tdb.rescue((key, value) -> true)),
        new Case("traverse", 60, (tdb, i) -> tdb.traverse((key, value) -> true)),
        new Case(
            "store in a traverse",
            20,
            (tdb, i) -> tdb.traverse((key, value) -> stored(tdb, key, value))),
        new Case("traverse read", 60, (tdb, i) -> tdb.traverseRead((key, value) -> true)),
        new Case("traverse chains", 60, (tdb, i) -> tdb.traverseChains((key, value) -> true)),
        new Case("traverse chain", 60, (tdb, i) -> eachChain(tdb)),
        new Case("wipe", 60, (tdb, i) -> tdb.wipe()),
        new Case("free list", 60, (tdb, i) -> tdb.freeListSize()),
        new Case("repack", 20, (tdb, i) -> tdb.repack()),
        new Case("reopen", 60, (tdb, i) -> tdb.reopen().close()),
        new Case("sequence number", CALLS_TO_COMPILE, true, (tdb, i) -> tdb.sequenceNumber()),
        new Case(
            "count a change", CALLS_TO_COMPILE, true, (tdb, i) -> tdb.incrementSequenceNumber()),
        new Case(
            "lock a chain", CALLS_TO_COMPILE, true, (tdb, i) -> lockChain(tdb, key(i), () -> {})),
        new Case(
            "lock a chain for reading",
            CALLS_TO_COMPILE,
            true,
            (tdb, i) -> {
              tdb.lockChainRead(key(i));
              tdb.unlockChainRead(key(i));
            }),
        new Case(
            "fetch under a chain lock",
            CALLS_TO_COMPILE,
            (tdb, i) -> lockChain(tdb, key(i), () -> tdb.fetch(key(i)))),
        new Case(
            "store under a chain lock",
            CALLS_TO_COMPILE,
            (tdb, i) -> lockChain(tdb, key(i), () -> tdb.store(key(i), new byte[500]))),
        new Case("lock all", 400, true, (tdb, i) -> lockAll(tdb, () -> {})),
        new Case(
            "lock all for reading",
            400,
            true,
            (tdb, i) -> {
              tdb.lockAllRead();
              tdb.unlockAllRead();
            }),
        new Case(
            "store under lock all",
            400,
            (tdb, i) -> lockAll(tdb, () -> tdb.store(key(i), new byte[500]))),
        new Case(
            "transaction",
            60,
            (tdb, i) ->
                transaction(tdb, () -> tdb.store(key(i), new byte[500]), tdb::transactionCommit)),
        new Case(
            "transaction in two steps",
            60,
            (tdb, i) ->
                transaction(
                    tdb,
                    () -> {
                      tdb.store(key(i), new byte[500 + i % 2]);
                      tdb.transactionPrepareCommit();
                    },
                    tdb::transactionCommit)),
        new Case(
            "cancelled transaction",
            60,
            (tdb, i) -> transaction(tdb, () -> tdb.delete(key(i)), tdb::transactionCancel)));
  }

  private static void transaction(Tdb tdb, Runnable what, Runnable end) {
    tdb.transactionStart();
    try {
      what.run();
      end.run();
    } finally {
      if (tdb.inTransaction()) {
        tdb.transactionCancel();
      }
    }
  }

  private static boolean stored(Tdb tdb, byte[] key, byte[] value) {
    tdb.store(key, value);
    return true;
  }

  private static void eachChain(Tdb tdb) {
    for (int chain = 0; chain < tdb.hashSize(); chain++) {
      tdb.traverseChain(chain, (key, value) -> true);
    }
  }

  private static void lockChain(Tdb tdb, byte[] key, Runnable what) {
    tdb.lockChain(key);
    try {
      what.run();
    } finally {
      tdb.unlockChain(key);
    }
  }

  private static void lockAll(Tdb tdb, Runnable what) {
    tdb.lockAll();
    try {
      what.run();
    } finally {
      tdb.unlockAll();
    }
  }

  static Stream<Arguments> cases() {
    return calls().stream().flatMap(c -> Stream.of(Arguments.of(c, false), Arguments.of(c, true)));
  }

  @ParameterizedTest(name = "{0}, mutexes {1}")
  @MethodSource("cases")
  void everyCallSaysSo(Case c, boolean mutexes) throws Exception {
    assumeTrue(Files.isExecutable(TRUNCATE), "needs " + TRUNCATE);
    assumeTrue(Files.isExecutable(PYTHON), "needs " + PYTHON);
    assumeTrue(!mutexes || MutexArea.isSupported(), "needs mutexes in files");
    for (long size : new long[] {4096, 0}) {
      Path path = dir.resolve("cut" + size + ".tdb");
      var options =
          mutexes
              ? TdbOptions.of(
                  TdbFlag.NOSYNC, TdbFlag.SEQNUM, TdbFlag.MUTEX_LOCKING, TdbFlag.CLEAR_IF_FIRST)
              : TdbOptions.of(TdbFlag.NOSYNC, TdbFlag.SEQNUM);
      var tdb = Tdb.open(path, options.withHashSize(HASH_SIZE).withCreate(true));
      try {
        assertEquals(mutexes, tdb.usesMutexes());
        for (int i = 0; i < RECORDS; i++) {
          tdb.store(key(i), new byte[500]);
        }
        int calls = size == 0 ? 1 : c.calls;
        for (int i = 0; i < calls; i++) {
          c.call.run(tdb, i);
        }
        // With no locks of its own, so that whatever a walk stands on has been left.
        assertNull(tdb.nextKey(new byte[] {1}));
        truncate(path, (mutexes ? MutexArea.size(HASH_SIZE) : 0) + size);
        fails(c, tdb, size);
        assertEquals("free", locks(path, mutexes), "locks of a handle that has lost a page");
      } finally {
        closeOrSaySo(tdb);
      }
    }
  }

  /** The mutexes are gone too: nothing is left that could be locked. */
  @ParameterizedTest
  @MethodSource("calls")
  void everyCallSaysSoWhereNothingIsLeft(Case c) throws Exception {
    assumeTrue(Files.isExecutable(TRUNCATE), "needs " + TRUNCATE);
    assumeTrue(MutexArea.isSupported(), "needs mutexes in files");
    Path path = dir.resolve("emptied.tdb");
    var options =
        TdbOptions.of(
            TdbFlag.NOSYNC, TdbFlag.SEQNUM, TdbFlag.MUTEX_LOCKING, TdbFlag.CLEAR_IF_FIRST);
    var tdb = Tdb.open(path, options.withHashSize(HASH_SIZE).withCreate(true));
    try {
      for (int i = 0; i < RECORDS; i++) {
        tdb.store(key(i), new byte[500]);
      }
      for (int i = 0; i < c.calls; i++) {
        c.call.run(tdb, i);
      }
      assertNull(tdb.nextKey(new byte[] {1}));
      truncate(path, 0);
      for (int i = 0; i < 3; i++) {
        assertThrows(TdbException.class, () -> c.call.run(tdb, 0));
      }
    } finally {
      closeOrSaySo(tdb);
    }
  }

  /** What another process finds that takes each lock in turn. */
  private static String locks(Path path, boolean mutexes) throws Exception {
    var process =
        new ProcessBuilder(
                PYTHON.toString(),
                "-c",
                LOCKS,
                path.toString(),
                String.valueOf(mutexes ? HASH_SIZE + 1 : 0),
                String.valueOf(MutexArea.isSupported() ? RobustMutexes.size() : 0))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var out = process.inputReader()) {
      String answer = out.readLine();
      assertEquals(0, process.waitFor(), PYTHON.toString());
      return answer;
    }
  }

  static List<Case> callsOnValues() {
    byte[] key = key(0);
    var large = new byte[LARGE];
    var parts = new MemorySegment[] {MemorySegment.ofArray(large).asSlice(0, 9), null};
    parts[1] = MemorySegment.ofArray(large).asSlice(9);
    return List.of(
        new Case("fetch", CALLS_TO_COMPILE, (tdb, i) -> tdb.fetch(key)),
        new Case(
            "parse",
            CALLS_TO_COMPILE,
            (tdb, i) -> tdb.parse(key, value -> value.toArray(ValueLayout.JAVA_BYTE))),
        new Case("store the same", 2 * CALLS_TO_COMPILE, (tdb, i) -> tdb.store(key, large)),
        new Case(
            "store the same in parts",
            2 * CALLS_TO_COMPILE,
            (tdb, i) -> tdb.store(key, StoreMode.REPLACE, parts)),
        new Case("append nothing", CALLS_TO_COMPILE / 4, (tdb, i) -> tdb.append(key, new byte[0])));
  }

  /** The record's header is still there: it is the value that is touched first. */
  @ParameterizedTest
  @MethodSource("callsOnValues")
  void aCutThroughAValueIsSaid(Case c) throws Exception {
    assumeTrue(Files.isExecutable(TRUNCATE), "needs " + TRUNCATE);
    Path path = dir.resolve("value.tdb");
    try (var tdb = Tdb.open(path, TdbOptions.defaults().withHashSize(7).withCreate(true))) {
      tdb.store(key(0), new byte[LARGE]);
      for (int i = 0; i < c.calls; i++) {
        c.call.run(tdb, i);
      }
      long value = Files.size(path) - LARGE * 5L / 4;
      truncate(path, value + LARGE / 2);
      assertThrows(TdbException.class, () -> c.call.run(tdb, 0));
    }
  }

  /** What lies before the cut may still be used; where nothing is left the first call fails. */
  private static void fails(Case c, Tdb tdb, long size) {
    if (size == 0) {
      assertThrows(TdbException.class, () -> c.call.run(tdb, 0));
      return;
    }
    if (c.name.equals("check")) {
      assertTrue(!tdb.check().isGood());
      return;
    }
    int failures = 0;
    for (int i = 0; i < RECORDS; i++) {
      try {
        c.call.run(tdb, i);
      } catch (TdbException e) {
        failures++;
      }
    }
    assertTrue(failures > 0 || c.headerOnly, "calls that fail");
  }

  private static void closeOrSaySo(Tdb tdb) {
    try {
      tdb.close();
    } catch (TdbException e) {
      assertEquals(tdb.path(), e.file());
    }
  }

  private static void truncate(Path path, long size) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(TRUNCATE.toString(), "-s", String.valueOf(size), path.toString())
            .inheritIO()
            .start();
    assertEquals(0, process.waitFor(), TRUNCATE.toString());
  }
}
