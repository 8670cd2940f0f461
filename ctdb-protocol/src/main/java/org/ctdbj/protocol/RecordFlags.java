// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Bits in the flags of a {@link RecordHeader}. Unknown bits are carried unchanged. */
public final class RecordFlags {
  /** The record has at some time moved between nodes with data in it. */
  public static final int MIGRATED_WITH_DATA = 0x0001_0000;

  /** Arrived by a vacuuming migration; never stored. */
  public static final int VACUUM_MIGRATED = 0x0002_0000;

  /** The header was made up for a record that did not exist; never stored in volatile databases. */
  public static final int AUTOMATIC = 0x0004_0000;

  /** The data master has handed out read-only copies. */
  public static final int RO_HAVE_DELEGATIONS = 0x0100_0000;

  /** This is a read-only copy. */
  public static final int RO_HAVE_READONLY = 0x0200_0000;

  /** The read-only copies are being called back. */
  public static final int RO_REVOKING_READONLY = 0x0400_0000;

  /** All read-only copies are back; cleared at the next access. */
  public static final int RO_REVOKE_COMPLETE = 0x0800_0000;

  /** All bits of read-only delegation. */
  public static final int RO_FLAGS =
      RO_HAVE_DELEGATIONS | RO_HAVE_READONLY | RO_REVOKING_READONLY | RO_REVOKE_COMPLETE;

  private RecordFlags() {}
}
