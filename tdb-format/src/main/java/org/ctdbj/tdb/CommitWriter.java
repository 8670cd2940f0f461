// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY;
import static org.ctdbj.tdb.TdbLayout.MAGIC_RECOVERY_INVALID;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_HASH;
import static org.ctdbj.tdb.TdbLayout.OFF_RECORD_MAGIC;
import static org.ctdbj.tdb.TdbLayout.OFF_RECOVERY_START;
import static org.ctdbj.tdb.TdbLayout.RECORD_HEADER;
import static org.ctdbj.tdb.TdbLayout.TAILER;
import static org.ctdbj.tdb.TdbLayout.unsigned;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.ctdbj.tdb.os.ErrnoException;

/**
 * The steps that make a transaction permanent, in libtdb's order: old contents to the recovery
 * area, sync, mark the area valid, sync, new contents to the file, sync, mark the area invalid,
 * sync. Killed before the second sync the file is as it was; after it the next opener rolls back;
 * after the last one the new contents stay.
 *
 * <p>On a full disk there may be no room for the old contents, although the new ones fit where the
 * old ones were. A file that its next first opener empties anyway is then written without a way
 * back; libtdb fails the commit.
 */
final class CommitWriter {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final TdbState state;
  private final FreeList freeList;
  private final TransactionOverlay overlay;
  private final FileIo file;

  /** Where the recovery area's magic stands once it is valid, else 0. */
  private long magicOffset;

  private boolean areaFreed;

  /** Where the recovery area is marked as one whose loss would lose more space, else 0. */
  private long markOffset;

  CommitWriter(TdbState state, FreeList freeList, TransactionOverlay overlay) {
    this.state = state;
    this.freeList = freeList;
    this.overlay = overlay;
    this.file = state.file;
  }

  /** Saves the old contents and grows the file. */
  void prepare() {
    try {
      saveOldContents();
    } catch (TdbException e) {
      if (!state.has(TdbFlag.CLEAR_IF_FIRST) || magicOffset != 0 || !ErrnoException.isNoRoom(e)) {
        throw e;
      }
      giveUpRecoveryArea();
    }
    overlay.seal();
    if (overlay.size() > file.size()) {
      file.grow(file.size(), overlay.size() - file.size());
      overlay.fileHasGrown();
    }
  }

  /**
   * Writes the new contents; the area is still valid afterwards, {@link #invalidate} ends the
   * commit.
   */
  void write() {
    overlay.forEachPage(
        (offset, page, length) -> file.write(offset, MemorySegment.ofArray(page), 0, length));
    sync(0, file.size());
    file.touch();
  }

  boolean isRecoveryValid() {
    return magicOffset != 0;
  }

  /**
   * Ends the commit, or gives it up; then the mark stays for {@link LostSpace}.
   *
   * @param committed whether the new contents are to stay
   */
  void invalidate(boolean committed) {
    if (magicOffset != 0) {
      file.writeInt(magicOffset, MAGIC_RECOVERY_INVALID);
      sync(magicOffset, 4);
      magicOffset = 0;
      if (committed && markOffset != 0) {
        file.writeInt(markOffset, 0);
      }
    }
  }

  private void sync(long offset, long length) {
    if (!state.has(TdbFlag.NOSYNC)) {
      file.sync(offset, length);
    }
  }

  /**
   * The new contents replace the old ones without a way back. The area of an earlier commit, too
   * small for this one, may be part of a free record by now.
   */
  private void giveUpRecoveryArea() {
    if (areaFreed) {
      overlay.writeInt(OFF_RECOVERY_START, 0);
    }
  }

  private long recoveryLength() {
    long[] sum = {TAILER};
    overlay.forEachPage(
        (offset, page, length) -> {
          if (offset < overlay.fileSize()) {
            sum[0] += 8 + length;
          }
        });
    return sum[0];
  }

  private void saveOldContents() {
    long oldSize = overlay.fileSize();
    long area = unsigned(overlay.readInt(OFF_RECOVERY_START));
    var header = new RecordHeader();
    if (area != 0 && overlay.inBounds(area, RECORD_HEADER)) {
      overlay.readHeader(area, header);
    }
    boolean exists =
        area != 0
            && (header.magic == MAGIC_RECOVERY || header.magic == MAGIC_RECOVERY_INVALID)
            && overlay.inBounds(area, header.fullLength());
    long needed = recoveryLength();
    if (!exists || needed > header.recLen) {
      if (!exists || area + header.fullLength() != overlay.size()) {
        if (exists) {
          freeList.free(area, header);
          areaFreed = true;
          needed = recoveryLength();
        }
        area = overlay.size();
      }
      // Not through the free list: that could hand out space which the rollback must find
      // untouched.
      header.recLen =
          (TdbLayout.growth(overlay.size(), needed, state.pageSize) - RECORD_HEADER) & ~3L;
      long end = area + header.fullLength();
      if (end > TdbLayout.MAX_SIZE || header.recLen < needed) {
        throw TdbException.of(
            TdbError.OOM, state.path, "no room for a recovery area of " + needed + " bytes");
      }
      file.grow(oldSize, end - oldSize);
      overlay.fileHasGrown();
    } else if (oldSize % state.pageSize != 0 && overlay.size() > oldSize) {
      // The page that holds the old end of the file is saved whole, so all of it must exist.
      file.grow(oldSize, overlay.size() - oldSize);
      overlay.fileHasGrown();
    }
    writeArea(area, header.recLen, needed, oldSize);
    sync(area, RECORD_HEADER + needed);
    // Not earlier, as libtdb does it: should the machine stop, the header may be on the disk while
    // the growth of the file is not, and libtdb cannot open a file whose area is behind its end.
    if (file.readInt(OFF_RECOVERY_START) != (int) area) {
      file.writeInt(OFF_RECOVERY_START, (int) area);
      mirror(OFF_RECOVERY_START, 4);
    }
    long magic = area + OFF_RECORD_MAGIC;
    file.writeInt(magic, MAGIC_RECOVERY);
    mirror(magic, 4);
    magicOffset = magic;
    sync(magic, 4);
  }

  private void writeArea(long area, long recLen, long needed, long oldSize) {
    var header = new RecordHeader();
    header.recLen = recLen;
    header.keyLen = oldSize;
    header.dataLen = needed;
    header.magic = MAGIC_RECOVERY_INVALID;
    if (overlay.size() > oldSize) {
      header.fullHash = LostSpace.MARK;
      markOffset = area + OFF_RECORD_HASH;
    }
    file.writeHeader(area, header);
    long[] at = {area + RECORD_HEADER};
    var pair = MemorySegment.ofArray(new byte[8]);
    overlay.forEachPage(
        (offset, page, length) -> {
          if (offset < oldSize) {
            pair.set(INT, 0, fileOrder((int) offset));
            pair.set(INT, 4, fileOrder(length));
            file.write(at[0], pair, 0, 8);
            file.write(at[0] + 8, file.view(offset, length), 0, length);
            if (offset == 0) {
              // As libtdb saves it: where the area is stays known after a rollback.
              file.writeInt(at[0] + 8 + OFF_RECOVERY_START, (int) area);
            }
            at[0] += 8 + length;
          }
        });
    file.writeInt(at[0], (int) header.fullLength());
    mirror(area, RECORD_HEADER + needed);
  }

  private int fileOrder(int value) {
    return file.convert() ? Integer.reverseBytes(value) : value;
  }

  private void mirror(long offset, long length) {
    overlay.mirror(offset, file.view(offset, length), length);
  }
}
