// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.FILL;
import static org.ctdbj.tdb.TdbLayout.MAGIC_DEAD;
import static org.ctdbj.tdb.TdbLayout.MAGIC_FREE;
import static org.ctdbj.tdb.TdbLayout.MAGIC_LIVE;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.dataStart;
import static org.ctdbj.tdb.TdbLayout.hex;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.nio.file.Path;

/**
 * What a TDB file is and what it holds, as {@link Tdb#info} finds it.
 *
 * @param file the file
 * @param size its logical size in bytes, without a mutex area
 * @param bigEndian whether its integers are big-endian
 * @param jenkinsHash whether keys are hashed with {@link TdbHash#jenkins}; else with {@link
 *     TdbHash#old}
 * @param hashSize number of hash chains
 * @param mutexAreaSize bytes of robust mutexes in front of the header; 0 if the file has none
 * @param sequenceNumber count of changes, of the handles that count; wraps around
 * @param liveRecords records that a lookup can find
 * @param deadRecords deleted records that still stand in a chain
 * @param freeRecords records on the free list
 * @param freeBytes bytes of the free records, their headers included
 * @param recoveryOffset logical offset of the area for transactions; 0 if there is none
 * @param recoveryBytes bytes of that area, its header included
 */
public record FileInfo(
    Path file,
    long size,
    boolean bigEndian,
    boolean jenkinsHash,
    int hashSize,
    long mutexAreaSize,
    int sequenceNumber,
    long liveRecords,
    long deadRecords,
    long freeRecords,
    long freeBytes,
    long recoveryOffset,
    long recoveryBytes) {

  /** Goes through the whole file; the caller keeps others from changing it meanwhile. */
  static FileInfo of(TdbState state) {
    TdbIo io = state.io;
    io.refresh();
    var header = FileHeader.read(io);
    long recovery = unsigned(header.recoveryStart());
    long recoveryBytes = 0;
    long live = 0;
    long dead = 0;
    long free = 0;
    long freeBytes = 0;
    var record = new RecordHeader();
    long offset = dataStart(state.hashSize);
    if (io.size() < offset) {
      throw TdbException.at(
          TdbError.CORRUPT,
          io.path(),
          0,
          "at least " + offset + " bytes for the header and " + state.hashSize + " chains",
          io.size() + " bytes");
    }
    while (io.size() - offset >= RECORD_HEADER) {
      io.readHeader(offset, record);
      if (offset != recovery && (record.magic == 0 || record.magic == FILL)) {
        // Grown but not filled yet when a program died: nothing up to the recovery area, or to the
        // end.
        offset = recovery > offset ? recovery : io.size();
        continue;
      }
      checkLength(io, offset, record);
      if (offset == recovery) {
        recoveryBytes = record.fullLength();
      } else {
        switch (record.magic) {
          case MAGIC_LIVE -> live++;
          case MAGIC_DEAD -> dead++;
          case MAGIC_FREE -> {
            free++;
            freeBytes += record.fullLength();
          }
          default ->
              throw TdbException.at(
                  TdbError.CORRUPT, io.path(), offset, "a record", "magic " + hex(record.magic));
        }
      }
      offset += record.fullLength();
    }
    return new FileInfo(
        state.path,
        io.size(),
        header.bigEndian(),
        isJenkins(state),
        state.hashSize,
        header.hasMutexes() ? unsigned(header.mutexSize()) : 0,
        io.sequenceNumber(),
        live,
        dead,
        free,
        freeBytes,
        recovery,
        recoveryBytes);
  }

  static boolean isJenkins(TdbState state) {
    byte[] probe = {1};
    return state.hashOf(probe) == TdbHash.jenkins(probe, 0, probe.length);
  }

  private static void checkLength(TdbIo io, long offset, RecordHeader record) {
    if (!io.inBounds(offset, record.fullLength())) {
      throw TdbException.at(
          TdbError.CORRUPT,
          io.path(),
          offset,
          "a record inside the file's " + io.size() + " bytes",
          "a record of " + record.fullLength() + " bytes");
    }
  }
}
