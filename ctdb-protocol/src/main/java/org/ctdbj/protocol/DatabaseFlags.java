// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Properties of a database. Volatile is: neither {@link #PERSISTENT} nor {@link #REPLICATED}. */
public final class DatabaseFlags {
  /** On every node, changed by transactions, kept over restarts. */
  public static final int PERSISTENT = 0x01;

  /** Volatile with read-only delegations. */
  public static final int READONLY = 0x02;

  /** Volatile with sticky records. */
  public static final int STICKY = 0x04;

  /** On every node, changed by transactions, empty after a restart. */
  public static final int REPLICATED = 0x08;

  private DatabaseFlags() {}

  /** Whether records have a data master and migrate. */
  public static boolean isVolatile(int flags) {
    return (flags & (PERSISTENT | REPLICATED)) == 0;
  }
}
