// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** What a {@link org.ctdbj.protocol.packet.ReqCall} asks for: call ids and call flags. */
public final class Calls {
  /** Call id: only migrate the record, reply without data. */
  public static final int NULL = 0xFF000001;

  /** Call id: reply with the data. */
  public static final int FETCH = 0xFF000002;

  /** Call id: reply with the 24-byte record header and the data. */
  public static final int FETCH_WITH_HEADER = 0xFF000003;

  /** Flag that smbd sets; has no effect in ctdbd 4.17. */
  public static final int FLAG_IMMEDIATE_MIGRATION = 0x1;

  /** Flag of the daemon's own vacuuming. */
  public static final int FLAG_VACUUM_MIGRATION = 0x2;

  /** Flag: a read-only copy is enough. */
  public static final int FLAG_WANT_READONLY = 0x4;

  private Calls() {}
}
