// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

/**
 * Shared or exclusive. The codes are those of {@code struct flock} on Linux, which libtdb also
 * stores in mutex areas.
 */
public enum LockMode {
  READ((short) 0),
  WRITE((short) 1);

  /** {@code F_UNLCK}: neither of the two. */
  public static final short UNLOCKED = 2;

  private final short code;

  LockMode(short code) {
    this.code = code;
  }

  /** {@code F_RDLCK} or {@code F_WRLCK}. */
  public short code() {
    return code;
  }

  /** Whether who holds this mode needs nothing more to do what {@code wanted} allows. */
  public boolean covers(LockMode wanted) {
    return this == WRITE || wanted == READ;
  }
}
