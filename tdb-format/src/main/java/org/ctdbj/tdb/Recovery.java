// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY;
import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY_INVALID;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_MAGIC;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Rolls back a commit that was interrupted. The caller has excluded everybody else. */
final class Recovery {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private Recovery() {}

  /** Whether the file says that a commit was interrupted after its recovery data became valid. */
  static boolean isNeeded(FileIo file) {
    long area = unsigned(file.readInt(OFF_RECOVERY_START));
    return area != 0
        && file.inBounds(area, RECORD_HEADER)
        && file.readInt(area + OFF_RECORD_MAGIC) == MAGIC_RECOVERY;
  }

  /**
   * Writes the old contents back. All of the recovery data is checked before the first byte is
   * written, so that a damaged area leaves the file as it is.
   *
   * @throws TdbException {@link TdbError#CORRUPT} if the recovery data does not fit the file
   */
  static void run(FileIo file) {
    file.refresh();
    long area = unsigned(file.readInt(OFF_RECOVERY_START));
    var header = new RecordHeader();
    file.readHeader(area, header);
    long oldEnd = header.keyLen;
    long length = header.dataLen;
    if (length > header.recLen || !file.inBounds(area, RECORD_HEADER + length)) {
      throw TdbException.at(
          TdbError.CORRUPT,
          file.path(),
          area,
          "recovery data inside the file's " + file.size() + " bytes",
          length + " bytes in an area of " + header.recLen);
    }
    byte[] data = new byte[Math.toIntExact(length)];
    file.read(area + RECORD_HEADER, data, 0, data.length);
    replay(file, area, data, false);
    replay(file, area, data, true);
    file.sync(0, file.size());
    if (oldEnd <= area) {
      file.writeInt(OFF_RECOVERY_START, 0);
    }
    file.writeInt(area + OFF_RECORD_MAGIC, MAGIC_RECOVERY_INVALID);
    file.sync(0, file.size());
  }

  private static void replay(FileIo file, long area, byte[] data, boolean write) {
    var bytes = MemorySegment.ofArray(data);
    int at = 0;
    while (at + 8 < data.length) {
      long offset = unsigned(fileOrder(file, bytes.get(INT, at)));
      long length = unsigned(fileOrder(file, bytes.get(INT, at + 4)));
      if (length > data.length - at - 8 || !file.inBounds(offset, length)) {
        throw TdbException.at(
            TdbError.CORRUPT,
            file.path(),
            area + RECORD_HEADER + at,
            "a saved block inside the file's " + file.size() + " bytes",
            length + " bytes for offset " + offset);
      }
      if (write) {
        file.write(offset, bytes, at + 8, length);
      }
      at += 8 + (int) length;
    }
  }

  private static int fileOrder(FileIo file, int word) {
    return file.convert() ? Integer.reverseBytes(word) : word;
  }
}
