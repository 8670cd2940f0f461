// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Passes everything on and writes down what changes the file, and when it is synced. */
final class RecordingIo extends ForwardingIo implements FileIo {
  /** What happened to the file. */
  sealed interface Op {}

  /** Bytes as they stand in the file, not converted. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares or changes them
  record Write(long offset, byte[] bytes) implements Op {}

  record Grow(long newSize) implements Op {}

  /** All that came before is on the disk. */
  record Sync() implements Op {}

  private final FileIo file;
  private final List<Op> log;

  RecordingIo(FileIo file, List<Op> log) {
    super(file);
    this.file = file;
    this.log = log;
  }

  private void wrote(long offset, long length) {
    log.add(new Write(offset, file.view(offset, length).toArray(ValueLayout.JAVA_BYTE)));
  }

  @Override
  public int pageSize() {
    return file.pageSize();
  }

  @Override
  public void sync(long offset, long length) {
    file.sync(offset, length);
    log.add(new Sync());
  }

  @Override
  public void touch() {
    file.touch();
  }

  @Override
  public void observeSyncs(Runnable observer) {
    file.observeSyncs(observer);
  }

  @Override
  public void close() {
    file.close();
  }

  @Override
  public void writeInt(long offset, int value) {
    super.writeInt(offset, value);
    wrote(offset, 4);
  }

  @Override
  public void writeHeader(long offset, RecordHeader header) {
    super.writeHeader(offset, header);
    wrote(offset, TdbLayout.RECORD_HEADER);
  }

  @Override
  public void write(long offset, MemorySegment from, long at, long length) {
    super.write(offset, from, at, length);
    wrote(offset, length);
  }

  @Override
  public void grow(long size, long addition) {
    super.grow(size, addition);
    log.add(new Grow(file.size()));
  }

  @Override
  public void addToSequenceNumber() {
    super.addToSequenceNumber();
    wrote(TdbLayout.OFF_SEQUENCE_NUMBER, 4);
  }
}
