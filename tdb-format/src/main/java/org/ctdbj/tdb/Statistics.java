// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FILL;
import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY_INVALID;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.chainHead;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.hex;
import static org.ctdbj.tdb.TdbLayout.unsigned;

/**
 * How the space of a TDB file is used, as {@link Tdb#statistics} finds it. All sizes are bytes. The
 * area for transactions counts as a dead record.
 *
 * @param headerOffset where the TDB header stands: the size of the mutex area, 0 without one
 * @param logicalSize size of what begins there
 * @param jenkinsHash whether keys are hashed with {@link TdbHash#jenkins}
 * @param featureFlags the header's feature flags; 1 means robust mutexes
 * @param keys keys of the live records
 * @param data values of the live records
 * @param padding what the live records have besides key and value, the tailer included
 * @param dead deleted records still in a chain, the area for transactions and space a crash left
 *     blank; without headers
 * @param free records on the free list, without headers
 * @param chains records per hash chain, dead ones included
 * @param uncoalescedRuns free records that follow another free record directly, per run
 */
public record Statistics(
    long headerOffset,
    long logicalSize,
    boolean jenkinsHash,
    int featureFlags,
    Tally keys,
    Tally data,
    Tally padding,
    Tally dead,
    Tally free,
    Tally chains,
    Tally uncoalescedRuns) {

  /**
   * A set of numbers. All is 0 if there are none.
   *
   * @param count how many
   */
  public record Tally(long count, long smallest, long largest, long total) {
    private static final Tally NONE = new Tally(0, 0, 0, 0);

    /** Rounded down. */
    public long average() {
      return count == 0 ? 0 : total / count;
    }

    private Tally with(long value) {
      return count == 0
          ? new Tally(1, value, value, value)
          : new Tally(
              count + 1, Math.min(smallest, value), Math.max(largest, value), total + value);
    }

    private String text() {
      return smallest + "/" + average() + "/" + largest;
    }
  }

  /** The file's size, the mutex area included. */
  public long fileSize() {
    return headerOffset + logicalSize;
  }

  /** Goes through the whole file; the caller keeps others from changing it meanwhile. */
  static Statistics of(TdbState state) {
    return new Walk(state).run();
  }

  private static final class Walk {
    private final TdbState state;
    private final TdbIo io;
    private final RecordHeader record = new RecordHeader();
    private Tally keys = Tally.NONE;
    private Tally data = Tally.NONE;
    private Tally padding = Tally.NONE;
    private Tally dead = Tally.NONE;
    private Tally free = Tally.NONE;
    private Tally uncoalesced = Tally.NONE;
    private long run;

    Walk(TdbState state) {
      this.state = state;
      this.io = state.io;
    }

    Statistics run() {
      io.refresh();
      var header = FileHeader.read(io);
      long recovery = unsigned(io.readInt(OFF_RECOVERY_START));
      long offset = dataStart(state.hashSize);
      while (offset < io.size() - 1) {
        io.readHeader(offset, record);
        count(offset, recovery);
        if (offset + record.fullLength() > io.size()) {
          throw TdbException.at(
              TdbError.CORRUPT,
              io.path(),
              offset,
              "a record inside the file's " + io.size() + " bytes",
              "a record of " + record.fullLength() + " bytes");
        }
        offset += record.fullLength();
      }
      endRun();
      var chains = Tally.NONE;
      for (int chain = 0; chain < state.hashSize; chain++) {
        chains = chains.with(chainLength(chain));
      }
      return new Statistics(
          header.hasMutexes() ? unsigned(header.mutexSize()) : 0,
          io.size(),
          FileInfo.isJenkins(state),
          header.hasMutexes() ? header.featureFlags() : 0,
          keys,
          data,
          padding,
          dead,
          free,
          chains,
          uncoalesced);
    }

    private void count(long offset, long recovery) {
      switch (record.magic) {
        case MAGIC_LIVE -> {
          keys = keys.with(record.keyLen);
          data = data.with(record.dataLen);
          padding = padding.with(record.recLen - record.keyLen - record.dataLen);
          endRun();
        }
        case MAGIC_FREE -> {
          free = free.with(record.recLen);
          run++;
        }
        case MAGIC_DEAD -> dead = dead.with(record.recLen);
        case MAGIC_RECOVERY_INVALID, FILL -> {
          if (offset != recovery) {
            record.recLen = io.size() - offset - RECORD_HEADER;
          }
          dead = dead.with(record.recLen);
          run++;
        }
        default ->
            throw TdbException.at(
                TdbError.CORRUPT, io.path(), offset, "a record", "magic " + hex(record.magic));
      }
    }

    private void endRun() {
      if (run > 1) {
        uncoalesced = uncoalesced.with(run - 1);
      }
      run = 0;
    }

    private long chainLength(int chain) {
      var guard = new LoopGuard(io);
      long length = 0;
      long offset = unsigned(io.readInt(chainHead(chain)));
      while (offset != 0) {
        record.readChained(io, offset);
        guard.visit(offset);
        length++;
        offset = record.next;
      }
      return length;
    }
  }

  /** The text of libtdb 1.4.8's {@code tdb_summary}, which {@code tdbtool info} prints. */
  @Override
  public String toString() {
    boolean mutexes = (featureFlags & TdbLayout.FEATURE_MUTEX) != 0;
    return String.join(
        "\n",
        "Size of file/data: " + fileSize() + "/" + (keys.total + data.total),
        "Header offset/logical size: " + headerOffset + "/" + logicalSize,
        "Number of records: " + keys.count,
        "Incompatible hash: " + (jenkinsHash ? "yes" : "no"),
        "Active/supported feature flags: " + hex(featureFlags) + "/" + hex(TdbLayout.FEATURE_MUTEX),
        "Robust mutexes locking: " + (mutexes ? "yes" : "no"),
        "Smallest/average/largest keys: " + keys.text(),
        "Smallest/average/largest data: " + data.text(),
        "Smallest/average/largest padding: " + padding.text(),
        "Number of dead records: " + dead.count,
        "Smallest/average/largest dead records: " + dead.text(),
        "Number of free records: " + free.count,
        "Smallest/average/largest free records: " + free.text(),
        "Number of hash chains: " + chains.count,
        "Smallest/average/largest hash chains: " + chains.text(),
        "Number of uncoalesced records: " + uncoalescedRuns.total,
        "Smallest/average/largest uncoalesced runs: " + uncoalescedRuns.text(),
        "Percentage keys/data/padding/free/dead/rechdrs&tailers/hashes: " + percentages(),
        "");
  }

  private String percentages() {
    long headers = (keys.count + free.count + dead.count) * (RECORD_HEADER + TAILER);
    var text = new StringBuilder();
    for (long part :
        new long[] {
          keys.total, data.total, padding.total, free.total, dead.total, headers, chains.count * 4
        }) {
      text.append(text.isEmpty() ? "" : "/").append(percent(part));
    }
    return text.toString();
  }

  /** Rounded as C's printf does: halves to the even number. */
  private long percent(long part) {
    return (long) Math.rint(part * 100.0 / fileSize());
  }
}
