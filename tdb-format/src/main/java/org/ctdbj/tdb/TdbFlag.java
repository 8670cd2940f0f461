// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.util.EnumSet;
import java.util.Set;

/** Flags of an open TDB file, with the bits of libtdb 1.4's {@code tdb_open}. */
public enum TdbFlag {
  /** Wipe the file when opening it while nobody else holds it open with this flag. */
  CLEAR_IF_FIRST(1),
  /**
   * Memory only: nothing on the disk, no locks, no transactions; lost when it is closed. Implies
   * NOLOCK, NOMMAP and INCOMPATIBLE_HASH.
   */
  INTERNAL(2),
  /** Take no lock at all: the caller answers for exclusion. */
  NOLOCK(4),
  /** Do not map the file: read and write by system calls. Not for files with mutexes. */
  NOMMAP(8),
  /** The file is in the other byte order than this machine; when creating: make it so. */
  CONVERT(16),
  /** The file is big-endian and in the other byte order (found by open, ignored when given). */
  BIGENDIAN(32),
  /**
   * Transactions do not wait for the disk: they survive a crash of the process, but not one of the
   * machine.
   */
  NOSYNC(64),
  /** Count changes in the header's sequence number. */
  SEQNUM(128),
  /** Keep up to five dead records per chain instead of none. */
  VOLATILE(256),
  ALLOW_NESTING(512),
  DISALLOW_NESTING(1024),
  /** Create with the Jenkins hash. */
  INCOMPATIBLE_HASH(2048),
  /** Create with, or accept, robust mutexes inside the file in place of chain locks. */
  MUTEX_LOCKING(4096);

  private static final int KNOWN = 8191;

  private final int bit;

  TdbFlag(int bit) {
    this.bit = bit;
  }

  public int bit() {
    return bit;
  }

  boolean in(int bits) {
    return (bits & bit) != 0;
  }

  /** The bits of {@code flags}, or-ed. */
  public static int bits(Set<TdbFlag> flags) {
    int bits = 0;
    for (TdbFlag flag : flags) {
      bits |= flag.bit;
    }
    return bits;
  }

  /**
   * The flags in {@code bits}.
   *
   * @throws IllegalArgumentException if a bit is not a flag of libtdb
   */
  public static EnumSet<TdbFlag> ofBits(int bits) {
    if ((bits & ~KNOWN) != 0) {
      throw new IllegalArgumentException(
          "unknown TDB flags: 0x" + Integer.toHexString(bits & ~KNOWN));
    }
    var flags = EnumSet.noneOf(TdbFlag.class);
    for (TdbFlag flag : values()) {
      if (flag.in(bits)) {
        flags.add(flag);
      }
    }
    return flags;
  }
}
