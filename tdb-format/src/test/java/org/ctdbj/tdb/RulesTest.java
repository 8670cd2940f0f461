// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random sequences of calls, most of them in the wrong place: each succeeds or is refused, and with
 * the same error, exactly where libtdb's is, and leaves the same bytes.
 */
@Tag("interop")
class RulesTest {
  @TempDir Path dir;

  private LibTdb lib;
  private Tdb tdb;
  private Random random;

  /** How often the files were compared between the two steps of a commit. */
  private int comparedPrepared;

  /** What libtdb or we answer to a call; both sides in the same words. */
  private static String outcome(Runnable call) {
    try {
      call.run();
      return "ok";
    } catch (TdbException e) {
      return "error " + e.error().code();
    }
  }

  private static String value(Supplier<byte[]> call) {
    try {
      byte[] found = call.get();
      return found == null ? "none" : "v" + HexFormat.of().formatHex(found);
    } catch (TdbException e) {
      return "none";
    }
  }

  private byte[] key() {
    return new byte[] {(byte) ('a' + random.nextInt(6))};
  }

  private byte[] data() {
    return new byte[random.nextInt(random.nextInt(8) == 0 ? 6000 : 60)];
  }

  @AfterEach
  void stop() {
    lib.close();
  }

  private record Step(String command, String ours) {}

  private static final int STORE = 7;

  private static final List<StoreMode> MODES =
      List.of(StoreMode.REPLACE, StoreMode.INSERT, StoreMode.MODIFY);

  private static int number(StoreMode mode) {
    return switch (mode) {
      case REPLACE -> 1;
      case INSERT -> 2;
      case MODIFY -> 3;
    };
  }

  private Step step(boolean transactions, boolean locks) {
    byte[] key = key();
    String hex = LibTdb.hex(key);
    int kind = random.nextInt(STORE + 5 + (locks ? 14 : 0) + (transactions ? 9 : 0));
    if (!locks && kind >= STORE + 5) {
      kind += 14;
    }
    return switch (kind) {
      case 0, 1, 2, 3 -> {
        byte[] data = data();
        yield new Step(
            "store t " + hex + " " + LibTdb.hex(data) + " 0", outcome(() -> tdb.store(key, data)));
      }
      case 4, 5 -> {
        var mode = MODES.get(random.nextInt(MODES.size()));
        byte[] data = data();
        byte[] more = data();
        var parts = new MemorySegment[] {MemorySegment.ofArray(data), MemorySegment.ofArray(more)};
        yield new Step(
            "storev t "
                + hex
                + " "
                + number(mode)
                + " "
                + LibTdb.hex(data)
                + " "
                + LibTdb.hex(more),
            outcome(() -> tdb.store(key, mode, parts)));
      }
      case 6 -> {
        byte[] data = data();
        yield new Step(
            "append t " + hex + " " + LibTdb.hex(data), outcome(() -> tdb.append(key, data)));
      }
      case STORE ->
          new Step(
              "delete t " + hex,
              outcome(
                  () -> {
                    if (!tdb.delete(key)) {
                      throw TdbException.of(TdbError.NOEXIST, tdb.path(), "no such key");
                    }
                  }));
      case STORE + 1 -> new Step("fetch t " + hex, value(() -> tdb.fetch(key)));
      case STORE + 2 -> new Step("exists t " + hex, tdb.exists(key) ? "1" : "0");
      case STORE + 3 -> new Step("firstkey t", value(tdb::firstKey));
      case STORE + 4 -> new Step("nextkey t " + hex, value(() -> tdb.nextKey(key)));
      case STORE + 5 -> new Step("lockall t", outcome(tdb::lockAll));
      case STORE + 6 -> new Step("unlockall t", outcome(tdb::unlockAll));
      case STORE + 7 -> new Step("lockall_read t", outcome(tdb::lockAllRead));
      case STORE + 8 -> new Step("unlockall_read t", outcome(tdb::unlockAllRead));
      case STORE + 9 -> new Step("lockall_mark t", outcome(tdb::markAll));
      case STORE + 10 -> new Step("chainlock t " + hex, outcome(() -> tdb.lockChain(key)));
      case STORE + 11 -> new Step("chainunlock t " + hex, outcome(() -> tdb.unlockChain(key)));
      case STORE + 12 -> new Step("chainlock_read t " + hex, outcome(() -> tdb.lockChainRead(key)));
      case STORE + 13 ->
          new Step("chainunlock_read t " + hex, outcome(() -> tdb.unlockChainRead(key)));
      case STORE + 14 -> new Step("chainlock_mark t " + hex, outcome(() -> tdb.markChain(key)));
      case STORE + 15 -> new Step("transaction_write_lock_mark t", outcome(tdb::markTransaction));
      case STORE + 16 ->
          new Step("transaction_write_lock_unmark t", outcome(tdb::unmarkTransaction));
      case STORE + 17 -> new Step("wipe_all t", outcome(tdb::wipe));
      case STORE + 18 -> new Step("lockall_nonblock t", outcome(tdb::tryLockAll));
      case STORE + 19, STORE + 20 ->
          new Step("transaction_start t", outcome(tdb::transactionStart));
      case STORE + 21 ->
          new Step(
              "transaction_start_nonblock t",
              outcome(() -> assertTrue(tdb.tryTransactionStart(), "nobody else is there")));
      case STORE + 22, STORE + 23 ->
          new Step("transaction_commit t", outcome(tdb::transactionCommit));
      case STORE + 24 ->
          new Step("transaction_prepare_commit t", outcome(tdb::transactionPrepareCommit));
      case STORE + 25 -> new Step("transaction_cancel t", outcome(tdb::transactionCancel));
      case STORE + 26 -> new Step("transaction_active t", String.valueOf(tdb.inTransaction()));
      default -> new Step("get_seqnum t", String.valueOf(tdb.sequenceNumber()));
    };
  }

  /** libtdb leaves the error of an earlier call where it only says that something is wrong. */
  private static boolean same(String command, String theirs, String ours) {
    boolean undoes = command.matches("(transaction_cancel|.*unlock.*|.*unmark|.*commit) .*");
    return theirs.equals(ours)
        || (theirs.startsWith("none") && ours.equals("none"))
        || (undoes
            && theirs.startsWith("error")
            && (ours.equals("error " + TdbError.EINVAL.code())
                || ours.equals("error " + TdbError.LOCK.code())));
  }

  @ParameterizedTest(name = "flags {0}, transactions {1}, locks {2}")
  @CsvSource({
    "0x280, true, false",
    "0x480, true, false",
    "0x200, true, false",
    "0x080, false, true",
    "0x910, false, true",
    "0x340, true, false",
    "0x298, true, false",
    "0x988, false, true",
  })
  void callsAreRefusedWhereLibtdbRefusesThem(String flags, boolean transactions, boolean locks)
      throws IOException {
    int bits = Integer.decode(flags);
    Path theirs = dir.resolve("libtdb.tdb");
    Path ours = dir.resolve("ours.tdb");
    Set<String> refusals = new HashSet<>();
    lib = LibTdb.startApi();
    for (int round = 0; round < (transactions ? 9 : 6); round++) {
      long seed = bits * 1000L + round;
      random = new Random(seed);
      Files.deleteIfExists(theirs);
      Files.deleteIfExists(ours);
      var options = TdbOptions.ofBits(bits).withHashSize(3).withCreate(true);
      try (var handle = Tdb.open(ours, options)) {
        tdb = handle;
        lib.ok("open t " + theirs + " 3 " + bits + " 66");
        var log = new StringBuilder();
        boolean prepared = false;
        boolean same = true;
        for (int i = 0; i < 120; i++) {
          var step = step(transactions, locks);
          String answer = lib.call(step.command);
          log.append(shortened(step.command)).append(" -> ").append(shortened(answer)).append('\n');
          assertTrue(
              same(step.command, answer, step.ours),
              "seed " + seed + ", ours: " + step.ours + " after\n" + log);
          if (answer.startsWith("error")) {
            refusals.add(step.command.substring(0, step.command.indexOf(' ')));
          }
          // After a commit that was prepared and given up, libtdb leaves space on no list; we
          // don't.
          same &= !prepared || tdb.inTransaction() || step.command.startsWith("transaction_commit");
          byte[] bytes = Files.readAllBytes(ours);
          prepared = unmark(bytes);
          comparedPrepared += same && prepared ? 1 : 0;
          assertEquals(
              -1,
              !same ? -1 : Arrays.mismatch(Files.readAllBytes(theirs), bytes),
              "seed " + seed + " after\n" + log);
        }
      }
      lib.ok("close t");
    }
    assertTrue(!transactions || comparedPrepared > 0, "no commit was prepared");
    assertTrue(refusals.size() > 3, "calls that were refused: " + refusals);
  }

  /**
   * Takes the mark away that our recovery area has between the two steps of a commit; libtdb's has
   * none.
   *
   * @return whether the file is between these steps
   */
  private boolean unmark(byte[] bytes) {
    boolean converts = TdbFlag.CONVERT.in(tdb.flags());
    boolean little = (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) != converts;
    var words =
        ByteBuffer.wrap(bytes).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int area = words.getInt(TdbLayout.OFF_RECOVERY_START);
    if (area == 0) {
      return false;
    }
    if (words.getInt(area + TdbLayout.OFF_RECORD_HASH) == LostSpace.MARK) {
      assertTrue(tdb.inTransaction(), "the mark has outlived the commit");
      words.putInt(area + TdbLayout.OFF_RECORD_HASH, 0);
    }
    return words.getInt(area + TdbLayout.OFF_RECORD_MAGIC) == TdbLayout.MAGIC_RECOVERY;
  }

  private static String shortened(String command) {
    return command.length() > 40 ? command.substring(0, 40) + "..." + command.length() : command;
  }
}
