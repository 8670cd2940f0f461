// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.util.Set;

/**
 * How to open a TDB file.
 *
 * @param flags bits of {@link TdbFlag}
 * @param hashSize number of hash chains of a file that is created; an existing file keeps its own
 * @param create create the file if it does not exist (or has no bytes)
 * @param exclusive with {@code create}: fail if the file exists
 * @param readOnly open for reading; takes no locks, as libtdb's O_RDONLY does
 * @param mode permission bits of a file that is created, before the process's umask
 * @param maxDead dead records kept per chain, or -1 for the default of the flags (VOLATILE 5, else
 *     0)
 */
public record TdbOptions(
    int flags,
    int hashSize,
    boolean create,
    boolean exclusive,
    boolean readOnly,
    int mode,
    int maxDead) {
  /** Hash size of libtdb if none is given. */
  public static final int DEFAULT_HASH_SIZE = 131;

  /** The number of chains libtdb can address. */
  public static final int MAX_HASH_SIZE = 0x3FFFFFFF;

  public TdbOptions {
    TdbFlag.ofBits(flags);
    if (hashSize <= 0 || hashSize > MAX_HASH_SIZE) {
      throw new IllegalArgumentException(
          "hashSize must be 1.." + MAX_HASH_SIZE + ", not " + hashSize);
    }
    if ((mode & ~07777) != 0) {
      throw new IllegalArgumentException("not permission bits: " + Integer.toOctalString(mode));
    }
    if (maxDead < -1) {
      throw new IllegalArgumentException("maxDead must be -1 or more, not " + maxDead);
    }
  }

  /**
   * Read and write an existing file, no flags, mode 0600 and 131 chains should {@link #withCreate}
   * be added.
   */
  public static TdbOptions defaults() {
    return new TdbOptions(0, DEFAULT_HASH_SIZE, false, false, false, 0600, -1);
  }

  public static TdbOptions of(TdbFlag... flags) {
    return defaults().withFlags(TdbFlag.bits(Set.of(flags)));
  }

  public static TdbOptions ofBits(int flags) {
    return defaults().withFlags(flags);
  }

  public TdbOptions withFlags(int newFlags) {
    return new TdbOptions(newFlags, hashSize, create, exclusive, readOnly, mode, maxDead);
  }

  public TdbOptions withFlags(Set<TdbFlag> newFlags) {
    return withFlags(TdbFlag.bits(newFlags));
  }

  public TdbOptions withHashSize(int newHashSize) {
    return new TdbOptions(flags, newHashSize, create, exclusive, readOnly, mode, maxDead);
  }

  public TdbOptions withCreate(boolean newCreate) {
    return new TdbOptions(flags, hashSize, newCreate, exclusive, readOnly, mode, maxDead);
  }

  public TdbOptions withExclusive(boolean newExclusive) {
    return new TdbOptions(flags, hashSize, create, newExclusive, readOnly, mode, maxDead);
  }

  public TdbOptions withReadOnly(boolean newReadOnly) {
    return new TdbOptions(flags, hashSize, create, exclusive, newReadOnly, mode, maxDead);
  }

  public TdbOptions withMode(int newMode) {
    return new TdbOptions(flags, hashSize, create, exclusive, readOnly, newMode, maxDead);
  }

  public TdbOptions withMaxDead(int newMaxDead) {
    return new TdbOptions(flags, hashSize, create, exclusive, readOnly, mode, newMaxDead);
  }
}
