// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.RecordFlags;

/**
 * The header in front of a record's data in the databases of a cluster, as it lies in the file: in
 * the byte order of the machine that wrote it, which is the one the file is used on.
 *
 * @param rsn record sequence number, unsigned
 * @param dmaster pnn of the data master; -1 if nobody is
 * @param flags {@link RecordFlags}
 * @param padding the last four bytes of the header of 64-bit machines; 0 where there are none
 */
record LtdbHeader(long rsn, int dmaster, int flags, int padding) {
  /** Bytes on 64-bit machines, the padding included. */
  static final int SIZE_64 = 24;

  /** Bytes on 32-bit machines. */
  static final int SIZE_32 = 20;

  /** What stands for the header of a value that has none. */
  static final LtdbHeader NONE = new LtdbHeader(0, -1, 0, 0);

  /** One bit and its name. */
  record Flag(int bit, String name) {}

  static final List<Flag> FLAGS =
      List.of(
          new Flag(RecordFlags.MIGRATED_WITH_DATA, "MIGRATED_WITH_DATA"),
          new Flag(RecordFlags.VACUUM_MIGRATED, "VACUUM_MIGRATED"),
          new Flag(RecordFlags.AUTOMATIC, "AUTOMATIC"),
          new Flag(RecordFlags.RO_HAVE_DELEGATIONS, "RO_HAVE_DELEGATIONS"),
          new Flag(RecordFlags.RO_HAVE_READONLY, "RO_HAVE_READONLY"),
          new Flag(RecordFlags.RO_REVOKING_READONLY, "RO_REVOKING_READONLY"),
          new Flag(RecordFlags.RO_REVOKE_COMPLETE, "RO_REVOKE_COMPLETE"));

  /**
   * Reads the header in front of a value.
   *
   * @param size {@link #SIZE_64}, {@link #SIZE_32} or 0
   * @param value at least that long
   */
  static LtdbHeader of(byte[] value, int size) {
    if (size == 0) {
      return NONE;
    }
    var bytes = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
    return new LtdbHeader(
        bytes.getLong(0),
        bytes.getInt(8),
        bytes.getInt(16),
        size == SIZE_64 ? bytes.getInt(20) : 0);
  }

  /** Names of the bits that are set; unknown ones in hex. */
  List<String> flagNames() {
    var names = new ArrayList<String>();
    int rest = flags;
    for (Flag flag : FLAGS) {
      if ((flags & flag.bit()) != 0) {
        names.add(flag.name());
        rest &= ~flag.bit();
      }
    }
    if (rest != 0) {
      names.add(String.format("0x%X", rest));
    }
    return names;
  }
}
