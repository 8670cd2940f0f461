// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Thousands of damaged files: {@link Tdb#check} finds fault with those that libtdb's tdb_check
 * finds fault with, but for the rules where it is meant to know better; and whatever is done with
 * such a file ends, with success or a {@link TdbException}, and needs no more memory or disk than
 * the file is worth.
 */
class CheckParityTest {
  private static final long SEED = Long.getLong("ctdbj.test.seed", 20260301);
  private static final int FILES = 3000;

  /** With each of these all operations are tried, each with a copy of its own. */
  private static final int FILES_TO_USE = 800;

  private static final int LIMIT_SECONDS = 20;
  private static final int FLAGS = TdbFlag.NOLOCK.bit() | TdbFlag.NOSYNC.bit();

  @TempDir Path dir;

  /** What a test says of a file. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Damaged(DamagedFile.Sound from, long seed, byte[] bytes) {
    /** Whether libtdb would take what stands at a logical offset for space that a crash left. */
    boolean startsBlank(long offset) {
      byte first = bytes[from.base() + (int) offset];
      return first == 0 || first == 0x42;
    }

    @Override
    public String toString() {
      return "seed " + SEED + ", file of seed " + seed + ", flags " + from.flags;
    }
  }

  private List<Damaged> damagedFiles() throws Exception {
    var sound = DamagedFile.sound(dir, SEED);
    var seeds = new Random(SEED);
    var files = new ArrayList<Damaged>();
    for (int i = 0; i < FILES; i++) {
      long seed = seeds.nextLong();
      var from = sound.get(i % sound.size());
      files.add(new Damaged(from, seed, from.damaged(new Random(seed))));
    }
    return files;
  }

  @Test
  @Tag("interop")
  void checkFindsFaultWhereLibtdbDoes() throws Exception {
    var libtdb = LibTdbCheck.compile(dir);
    var files = damagedFiles();
    var questions = new ArrayList<LibTdbCheck.Question>();
    for (int i = 0; i < files.size(); i++) {
      Path copy = Files.write(dir.resolve("lib" + i + ".tdb"), files.get(i).bytes);
      questions.add(new LibTdbCheck.Question(FLAGS, copy));
    }
    List<String> answers = libtdb.ask(questions, dir);
    var counts = new TreeMap<String, Integer>();
    var differences = new ArrayList<String>();
    Path ours = dir.resolve("ours.tdb");
    for (int i = 0; i < files.size(); i++) {
      Files.write(ours, files.get(i).bytes);
      Verdict verdict = verdict(ours);
      boolean good = answers.get(i).equals("good");
      String rule = good == verdict.good() ? "" : difference(answers.get(i), verdict, files.get(i));
      counts.merge(answers.get(i) + ", here " + verdict.word() + " " + rule, 1, Integer::sum);
      if (rule == null) {
        differences.add(files.get(i) + ": libtdb " + answers.get(i) + ", here " + verdict);
      }
    }
    assertEquals("", String.join("\n", differences), "files of seed " + SEED + ": " + counts);
    assertTrue(counts.getOrDefault("good, here good ", 0) > FILES / 20, counts.toString());
    assertTrue(counts.getOrDefault("bad, here bad ", 0) > FILES / 20, counts.toString());
  }

  private record Verdict(List<CheckReport.Finding> findings, TdbException refused) {
    boolean good() {
      return refused == null && findings.isEmpty();
    }

    String word() {
      return refused != null ? "refused" : findings.isEmpty() ? "good" : "bad";
    }
  }

  private static Verdict verdict(Path file) {
    try (var tdb = Tdb.open(file, TdbOptions.ofBits(FLAGS))) {
      return new Verdict(tdb.check().findings(), null);
    } catch (TdbException e) {
      return new Verdict(List.of(), e);
    }
  }

  /**
   * The rule, as docs/compatibility.md has it, by which the answers differ; null if there is none.
   */
  private static String difference(String libtdb, Verdict ours, Damaged file) {
    if (!libtdb.equals("good")) {
      return null;
    }
    if (ours.refused != null) {
      String expected = ours.refused.expected();
      return expected.startsWith("a saved block inside")
              || expected.startsWith("recovery data inside")
          ? "(recovery data that does not fit)"
          : null;
    }
    String rule = null;
    for (CheckReport.Finding finding : ours.findings) {
      if (finding.expected().startsWith("a recovery area's length")) {
        rule = "(length of the recovery area)";
      } else if (finding.expected().equals("a record") && file.startsBlank(finding.offset())) {
        rule = "(dead space that is not blank)";
      } else {
        return null;
      }
    }
    return rule;
  }

  private interface Operation {
    void run(Tdb tdb) throws Exception;
  }

  @Test
  void whateverIsDoneWithADamagedFileEnds() throws Exception {
    var files = damagedFiles().subList(0, FILES_TO_USE);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Path path = dir.resolve("damaged.tdb");
    var trace =
        new Object() {
          String doing = "";
        };
    for (Damaged file : files) {
      var task =
          new FutureTask<Void>(
              () -> {
                for (Step step : steps(file)) {
                  trace.doing = step.name;
                  // What has been said of a file before must not depend on what was done with it.
                  Files.write(path, file.bytes);
                  long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
                  perform(path, file, step);
                  long used =
                      threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
                  if (used > 16L * file.bytes.length + 2_000_000) {
                    throw new AssertionError(used + " bytes allocated");
                  }
                  if (Files.size(path) > step.growth * file.bytes.length + 65536) {
                    throw new AssertionError("the file has grown to " + Files.size(path));
                  }
                }
                return null;
              });
      var thread = Thread.ofPlatform().daemon().start(task);
      try {
        task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        throw new AssertionError(
            trace.doing + " does not end: " + file + " " + Arrays.toString(thread.getStackTrace()),
            e);
      } catch (ExecutionException e) {
        throw new AssertionError(trace.doing + ": " + file, e.getCause());
      }
    }
  }

  /** The file may be so many times as large afterwards. */
  private record Step(String name, int growth, Operation operation) {
    Step(String name, Operation operation) {
      this(name, 4, operation);
    }
  }

  private static void perform(Path path, Damaged file, Step step) throws Exception {
    int flags = file.from.hasMutexes() ? TdbFlag.MUTEX_LOCKING.bit() : 0;
    if (file.seed % 3 == 0 && flags == 0) {
      flags |= TdbFlag.NOMMAP.bit();
    }
    try (var tdb = Tdb.open(path, TdbOptions.ofBits(flags | TdbFlag.NOSYNC.bit()))) {
      step.operation.run(tdb);
    } catch (TdbException e) {
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
  }

  /** Goes on after a failure: each key for itself. */
  private static Operation perKey(Damaged file, KeyOperation operation) {
    return tdb -> {
      for (byte[] key : file.from.keys) {
        try {
          operation.run(tdb, key);
        } catch (TdbException e) {
          assertTrue(!e.getMessage().isEmpty());
        }
      }
    };
  }

  private interface KeyOperation {
    void run(Tdb tdb, byte[] key);
  }

  private static List<Step> steps(Damaged file) {
    var all =
        List.of(
            new Step("check", Tdb::check),
            new Step("fetch", perKey(file, Tdb::fetch)),
            new Step("store", perKey(file, (tdb, key) -> tdb.store(key, new byte[75]))),
            new Step("delete", perKey(file, Tdb::delete)),
            new Step("append", perKey(file, (tdb, key) -> tdb.append(key, new byte[5]))),
            new Step("traverse", tdb -> tdb.traverse((key, value) -> true)),
            new Step("traverse read", tdb -> tdb.traverseRead((key, value) -> true)),
            new Step("traverse chains", tdb -> tdb.traverseChains((key, value) -> true)),
            new Step(
                "traverse delete", tdb -> tdb.traverse((key, value) -> deleteAndGoOn(tdb, key))),
            new Step("keys", CheckParityTest::walkKeys),
            new Step("rescue", tdb -> tdb.rescue((key, value) -> true)),
            new Step("summary", Tdb::summary),
            new Step("info", Tdb::info),
            new Step("free list", Tdb::freeListSize),
            new Step("wipe", CheckParityTest::wipe),
            new Step("repack", 400, Tdb::repack),
            new Step("transaction", 400, tdb -> transaction(tdb, file)));
    return all;
  }

  private static boolean deleteAndGoOn(Tdb tdb, byte[] key) {
    tdb.delete(key);
    return true;
  }

  private static void walkKeys(Tdb tdb) {
    for (byte[] key = tdb.firstKey(); key != null; ) {
      key = tdb.nextKey(key);
    }
  }

  private static void wipe(Tdb tdb) {
    tdb.wipe();
    assertEquals(0, tdb.traverse((key, value) -> true), "records after a wipe");
  }

  private static void transaction(Tdb tdb, Damaged file) {
    tdb.transactionStart();
    for (byte[] key : file.from.keys) {
      tdb.store(key, new byte[75]);
    }
    tdb.transactionCommit();
  }
}
