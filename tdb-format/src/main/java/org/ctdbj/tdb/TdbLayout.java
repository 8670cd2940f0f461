// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.nio.charset.StandardCharsets;

/**
 * Numbers of the file format, as in libtdb 1.4. Offsets are logical: from the TDB header, not the
 * start of the file.
 */
final class TdbLayout {
  static final int VERSION = 0x2601196D;
  static final byte[] MAGIC_FOOD = "TDB file\n\0".getBytes(StandardCharsets.ISO_8859_1);

  static final int HEADER_SIZE = 168;
  static final int MAGIC_FOOD_SIZE = 32;
  static final int OFF_VERSION = 32;
  static final int OFF_HASH_SIZE = 36;
  static final int OFF_RWLOCKS = 40;
  static final int OFF_RECOVERY_START = 44;
  static final int OFF_SEQUENCE_NUMBER = 48;
  static final int OFF_MAGIC1_HASH = 52;
  static final int OFF_MAGIC2_HASH = 56;
  static final int OFF_FEATURE_FLAGS = 60;
  static final int OFF_MUTEX_SIZE = 64;

  static final int RWLOCKS_PLAIN = 0;
  static final int RWLOCKS_INCOMPATIBLE_HASH = 0x0BAD1A51;
  static final int RWLOCKS_FEATURE_FLAGS = 0x0BAD1A52;
  static final int FEATURE_MUTEX = 1;

  static final long FREELIST_TOP = 168;
  private static final long CHAINS_TOP = 172;

  static final int RECORD_HEADER = 24;
  static final int OFF_RECORD_HASH = 16;
  static final int OFF_RECORD_MAGIC = 20;
  static final int TAILER = 4;

  /** A free record is split only if this much would be left of it. */
  static final int MIN_SPLIT_REST = RECORD_HEADER + TAILER + 8;

  static final int MAGIC_LIVE = 0x26011999;
  static final int MAGIC_FREE = 0xD9FEE666;
  static final int MAGIC_DEAD = 0xFEE1DEAD;
  static final int MAGIC_RECOVERY = 0xF53BC0E7;
  static final int MAGIC_RECOVERY_INVALID = 0;
  static final int FILL = 0x42424242;

  /** Largest logical size: 32-bit offsets. */
  static final long MAX_SIZE = 0xFFFFFFFFL;

  /** Dead records per chain of a handle opened VOLATILE. */
  static final int VOLATILE_MAX_DEAD = 5;

  private TdbLayout() {}

  static long chainHead(int chain) {
    return CHAINS_TOP + 4L * chain;
  }

  static long dataStart(int hashSize) {
    return CHAINS_TOP + 4L * hashSize;
  }

  static long unsigned(int word) {
    return word & 0xFFFFFFFFL;
  }

  static String hex(int word) {
    return "0x%08x".formatted(word);
  }

  /**
   * By how much libtdb grows something of {@code size} bytes that needs {@code wanted} more: to
   * spare the next callers, at least a hundredfold of small requests and a quarter (above 100 MiB:
   * a tenth) of the file, in whole pages. Never more than the format can address; less than wanted
   * if that is all there is.
   */
  static long growth(long size, long wanted, int pageSize) {
    long room = MAX_SIZE - size;
    if (wanted > room) {
      return wanted;
    }
    long increment = wanted > 100 * 1024 ? wanted * 2 : wanted * 100;
    long top = size + increment;
    if (increment > MAX_SIZE || top > MAX_SIZE) {
      return room;
    }
    long grown = size > 100 * 1024 * 1024 ? (long) (size * 1.10) : (long) (size * 1.25);
    long target = Math.max(top, grown);
    long rounded = (target + pageSize - 1) / pageSize * pageSize;
    return rounded > MAX_SIZE ? room : rounded - size;
  }
}
