// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * What a crash can leave of a file: made from its bytes before and the log of what was written.
 *
 * <p>Aligned words are never torn: neither a processor nor a disk does that.
 */
final class CrashImages {
  /** What a disk writes as a whole. */
  private static final int SECTOR = 512;

  private static final int PAGE = 4096;

  /**
   * @param bytes of the file
   * @param syncsDone number of syncs that had ended
   * @param lastWritten whether the write that was under way is there in full
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares or changes them
  record Image(String name, byte[] bytes, int syncsDone, boolean lastWritten) {}

  @FunctionalInterface
  interface Visitor {
    void visit(Image image) throws Exception;
  }

  private final byte[] before;
  private final List<RecordingIo.Op> log;
  private final Random random;
  private final Set<String> seen = new HashSet<>();

  CrashImages(byte[] before, List<RecordingIo.Op> log, long seed) {
    this.before = before;
    this.log = log;
    this.random = new Random(seed);
  }

  /** The image if nothing is lost. */
  byte[] complete() {
    byte[] bytes = before;
    for (var op : log) {
      bytes = apply(bytes, op);
    }
    return bytes;
  }

  /** Visits the images of a crash before, in and after each operation, each image once. */
  void visit(int reorderings, Visitor visitor) throws Exception {
    byte[] synced = before;
    byte[] ordered = before;
    var pending = new ArrayList<RecordingIo.Op>();
    int syncs = 0;
    show(visitor, "nothing written", before, 0, false);
    for (int i = 0; i < log.size(); i++) {
      var op = log.get(i);
      String name = "operation " + i + " " + describe(op);
      if (op instanceof RecordingIo.Sync) {
        syncs++;
        pending.clear();
        synced = ordered;
        show(visitor, name, synced, syncs, false);
        continue;
      }
      for (int cut : cuts(op, ordered.length)) {
        show(visitor, name + " torn at " + cut, tear(ordered, op, cut), syncs, false);
      }
      ordered = apply(ordered, op);
      pending.add(op);
      show(visitor, name + " done", ordered, syncs, true);
      for (int r = 0; r < reorderings && pending.size() > 1; r++) {
        show(visitor, name + " reordered " + r, reorder(synced, pending), syncs, false);
      }
    }
  }

  private void show(Visitor visitor, String name, byte[] bytes, int syncs, boolean lastWritten)
      throws Exception {
    var sum = new CRC32C();
    sum.update(bytes);
    if (seen.add(sum.getValue() + " " + bytes.length + " " + syncs + " " + lastWritten)) {
      visitor.visit(new Image(name + ", syncs " + syncs, bytes, syncs, lastWritten));
    }
  }

  private static String describe(RecordingIo.Op op) {
    return switch (op) {
      case RecordingIo.Write(long offset, byte[] bytes) -> "write " + offset + "+" + bytes.length;
      case RecordingIo.Grow(long size) -> "grow to " + size;
      case RecordingIo.Sync _ -> "sync";
    };
  }

  private static byte[] apply(byte[] bytes, RecordingIo.Op op) {
    return switch (op) {
      case RecordingIo.Write(long offset, byte[] written) -> {
        byte[] result = bytes.clone();
        put(result, (int) offset, written, 0, written.length);
        yield result;
      }
      case RecordingIo.Grow(long size) ->
          size > bytes.length ? Arrays.copyOf(bytes, (int) size) : bytes;
      case RecordingIo.Sync _ -> bytes;
    };
  }

  /** Bytes beyond the end of the file are lost: its size has not reached the disk. */
  private static void put(byte[] to, int offset, byte[] from, int start, int end) {
    int count = Math.min(end, to.length - offset) - start;
    if (count > 0) {
      System.arraycopy(from, start, to, offset + start, count);
    }
  }

  /** How many bytes of an operation may be there when it is interrupted. */
  private Set<Integer> cuts(RecordingIo.Op op, int size) {
    var cuts = new HashSet<Integer>();
    if (op instanceof RecordingIo.Write(long offset, byte[] bytes) && bytes.length > 4) {
      int lead = (int) (-offset & 3);
      for (int i = 0; i < 3; i++) {
        cuts.add(lead + 4 * (1 + random.nextInt(bytes.length / 4)));
      }
      cuts.add((int) (SECTOR - offset % SECTOR));
      cuts.removeIf(cut -> cut >= bytes.length);
    } else if (op instanceof RecordingIo.Grow(long newSize) && newSize > size) {
      int first = (size / PAGE + 1) * PAGE;
      if (first < newSize) {
        cuts.add(first);
        cuts.add(first + random.nextInt((int) newSize - first) / PAGE * PAGE);
      }
    }
    return cuts;
  }

  private static byte[] tear(byte[] bytes, RecordingIo.Op op, int cut) {
    return switch (op) {
      case RecordingIo.Write(long offset, byte[] written) ->
          apply(bytes, new RecordingIo.Write(offset, Arrays.copyOf(written, cut)));
      case RecordingIo.Grow _ -> apply(bytes, new RecordingIo.Grow(cut));
      case RecordingIo.Sync _ -> bytes;
    };
  }

  /**
   * Some of what was not synced, in any order and any sector of it. An earlier write on top of a
   * later one stands for the later one having been lost there.
   */
  private byte[] reorder(byte[] synced, List<RecordingIo.Op> pending) {
    double share = random.nextDouble();
    var chosen = new ArrayList<RecordingIo.Op>();
    byte[] bytes = synced;
    for (var op : pending) {
      if (random.nextDouble() < share) {
        if (op instanceof RecordingIo.Grow) {
          bytes = apply(bytes, op);
        } else {
          chosen.add(op);
        }
      }
    }
    Collections.shuffle(chosen, random);
    bytes = bytes.clone();
    for (var op : chosen) {
      if (op instanceof RecordingIo.Write(long offset, byte[] written)) {
        boolean torn = random.nextInt(4) == 0;
        int at = 0;
        while (at < written.length) {
          int end = (int) Math.min(written.length, at + SECTOR - (offset + at) % SECTOR);
          if (!torn || random.nextBoolean()) {
            put(bytes, (int) offset, written, at, end);
          }
          at = end;
        }
      }
    }
    return bytes;
  }
}
