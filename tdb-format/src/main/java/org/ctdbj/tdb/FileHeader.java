// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FEATURE_MUTEX;
import static org.ctdbj.tdb.TdbLayout.HEADER_SIZE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FOOD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FOOD_SIZE;
import static org.ctdbj.tdb.TdbLayout.OFF_FEATURE_FLAGS;
import static org.ctdbj.tdb.TdbLayout.OFF_HASH_SIZE;
import static org.ctdbj.tdb.TdbLayout.OFF_MAGIC1_HASH;
import static org.ctdbj.tdb.TdbLayout.OFF_MAGIC2_HASH;
import static org.ctdbj.tdb.TdbLayout.OFF_MUTEX_SIZE;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.OFF_RWLOCKS;
import static org.ctdbj.tdb.TdbLayout.OFF_SEQUENCE_NUMBER;
import static org.ctdbj.tdb.TdbLayout.OFF_VERSION;
import static org.ctdbj.tdb.TdbLayout.RWLOCKS_FEATURE_FLAGS;
import static org.ctdbj.tdb.TdbLayout.RWLOCKS_INCOMPATIBLE_HASH;
import static org.ctdbj.tdb.TdbLayout.RWLOCKS_PLAIN;
import static org.ctdbj.tdb.TdbLayout.VERSION;
import static org.ctdbj.tdb.TdbLayout.hex;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The 168 bytes at the start of a TDB file, integers in the file's byte order already converted.
 */
record FileHeader(
    String food,
    boolean bigEndian,
    int version,
    int hashSize,
    int rwlocks,
    int recoveryStart,
    int sequenceNumber,
    int magic1Hash,
    int magic2Hash,
    int featureFlags,
    int mutexSize) {

  private static final ValueLayout.OfInt LITTLE =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt BIG =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final String FOOD = new String(MAGIC_FOOD, StandardCharsets.ISO_8859_1);

  /** A rule of the header that does not hold. */
  record Problem(TdbError error, int offset, String expected, String found) {}

  static FileHeader read(TdbIo io) {
    var bytes = new byte[HEADER_SIZE];
    io.read(0, bytes, 0, HEADER_SIZE);
    return decode(bytes);
  }

  static FileHeader decode(byte[] bytes) {
    var segment = MemorySegment.ofArray(bytes);
    boolean big = segment.get(BIG, OFF_VERSION) == VERSION;
    var order = big ? BIG : LITTLE;
    return new FileHeader(
        new String(bytes, 0, MAGIC_FOOD_SIZE, StandardCharsets.ISO_8859_1),
        big,
        segment.get(order, OFF_VERSION),
        segment.get(order, OFF_HASH_SIZE),
        segment.get(order, OFF_RWLOCKS),
        segment.get(order, OFF_RECOVERY_START),
        segment.get(order, OFF_SEQUENCE_NUMBER),
        segment.get(order, OFF_MAGIC1_HASH),
        segment.get(order, OFF_MAGIC2_HASH),
        segment.get(order, OFF_FEATURE_FLAGS),
        segment.get(order, OFF_MUTEX_SIZE));
  }

  /** The header of a file to be created. */
  static FileHeader create(int hashSize, int flags, int mutexSize) {
    boolean convert = TdbFlag.CONVERT.in(flags);
    boolean big = (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) != convert;
    boolean jenkins = TdbFlag.INCOMPATIBLE_HASH.in(flags);
    int features = mutexSize > 0 ? FEATURE_MUTEX : 0;
    int rwlocks =
        features != 0 ? RWLOCKS_FEATURE_FLAGS : jenkins ? RWLOCKS_INCOMPATIBLE_HASH : RWLOCKS_PLAIN;
    TdbHash.Function hash = jenkins ? TdbHash::jenkins : TdbHash::old;
    return new FileHeader(
        FOOD + "\0".repeat(MAGIC_FOOD_SIZE - FOOD.length()),
        big,
        VERSION,
        hashSize,
        rwlocks,
        0,
        0,
        magic1(hash),
        magic2(hash, big),
        features,
        mutexSize);
  }

  byte[] encode() {
    var bytes = new byte[HEADER_SIZE];
    System.arraycopy(food.getBytes(StandardCharsets.ISO_8859_1), 0, bytes, 0, MAGIC_FOOD_SIZE);
    var segment = MemorySegment.ofArray(bytes);
    var order = bigEndian ? BIG : LITTLE;
    segment.set(order, OFF_VERSION, version);
    segment.set(order, OFF_HASH_SIZE, hashSize);
    segment.set(order, OFF_RWLOCKS, rwlocks);
    segment.set(order, OFF_RECOVERY_START, recoveryStart);
    segment.set(order, OFF_SEQUENCE_NUMBER, sequenceNumber);
    segment.set(order, OFF_MAGIC1_HASH, magic1Hash);
    segment.set(order, OFF_MAGIC2_HASH, magic2Hash);
    segment.set(order, OFF_FEATURE_FLAGS, featureFlags);
    segment.set(order, OFF_MUTEX_SIZE, mutexSize);
    return bytes;
  }

  private static int magic1(TdbHash.Function hash) {
    return hash.of(MAGIC_FOOD, 0, MAGIC_FOOD.length);
  }

  private static int magic2(TdbHash.Function hash, boolean bigEndian) {
    var word = new byte[4];
    MemorySegment.ofArray(word).set(bigEndian ? BIG : LITTLE, 0, TdbLayout.MAGIC_LIVE);
    return hash.of(word, 0, 4);
  }

  boolean convert() {
    return bigEndian != (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN);
  }

  boolean hasMutexes() {
    return rwlocks == RWLOCKS_FEATURE_FLAGS && (featureFlags & FEATURE_MUTEX) != 0;
  }

  /** The hash function that the header's check words were made with, null if it is neither. */
  TdbHash.Function hash() {
    if (magic1Hash == 0 && magic2Hash == 0) {
      return TdbHash::old;
    }
    TdbHash.Function old = TdbHash::old;
    if (magic1(old) == magic1Hash && magic2(old, bigEndian) == magic2Hash) {
      return old;
    }
    TdbHash.Function jenkins = TdbHash::jenkins;
    if (magic1(jenkins) == magic1Hash && magic2(jenkins, bigEndian) == magic2Hash) {
      return jenkins;
    }
    return null;
  }

  /**
   * What keeps the header from being one libtdb 1.4 would accept; empty if nothing does.
   *
   * @param knownHashSize the number of chains the file must have, 0 if any will do
   */
  List<Problem> problems(int knownHashSize) {
    var problems = new ArrayList<Problem>();
    if (!food.startsWith(FOOD)) {
      problems.add(new Problem(TdbError.IO, 0, "\"TDB file\"", printable(food)));
    }
    if (version != VERSION) {
      problems.add(new Problem(TdbError.IO, OFF_VERSION, "version " + hex(VERSION), hex(version)));
    }
    if (rwlocks != RWLOCKS_PLAIN
        && rwlocks != RWLOCKS_INCOMPATIBLE_HASH
        && rwlocks != RWLOCKS_FEATURE_FLAGS) {
      problems.add(
          new Problem(
              TdbError.EINVAL,
              OFF_RWLOCKS,
              "0, " + hex(RWLOCKS_INCOMPATIBLE_HASH) + " or " + hex(RWLOCKS_FEATURE_FLAGS),
              hex(rwlocks)));
    }
    if (rwlocks == RWLOCKS_FEATURE_FLAGS && (featureFlags & ~FEATURE_MUTEX) != 0) {
      problems.add(
          new Problem(
              TdbError.EINVAL, OFF_FEATURE_FLAGS, "no feature but 1 (mutexes)", hex(featureFlags)));
    }
    if (knownHashSize != 0 && hashSize != knownHashSize) {
      problems.add(
          new Problem(
              TdbError.CORRUPT,
              OFF_HASH_SIZE,
              knownHashSize + " chains",
              String.valueOf(unsigned(hashSize))));
    } else if (hashSize <= 0 || hashSize > TdbOptions.MAX_HASH_SIZE) {
      problems.add(
          new Problem(
              TdbError.EINVAL,
              OFF_HASH_SIZE,
              "1.." + TdbOptions.MAX_HASH_SIZE + " chains",
              String.valueOf(unsigned(hashSize))));
    }
    if (hash() == null) {
      problems.add(
          new Problem(
              TdbError.EINVAL,
              OFF_MAGIC1_HASH,
              "the check words of a known hash function",
              hex(magic1Hash) + " " + hex(magic2Hash)));
    }
    return problems;
  }

  private static String printable(String bytes) {
    var text = new StringBuilder("\"");
    for (char c : bytes.substring(0, FOOD.length()).toCharArray()) {
      text.append(c >= 0x20 && c < 0x7F ? String.valueOf(c) : "\\x%02x".formatted((int) c));
    }
    return text.append('"').toString();
  }
}
