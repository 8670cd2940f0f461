// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/** Passes everything on and writes down what changes the file, and when it is synced. */
final class RecordingIo implements FileIo {
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
  public Path path() {
    return file.path();
  }

  @Override
  public boolean convert() {
    return file.convert();
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public void refresh() {
    file.refresh();
  }

  @Override
  public boolean inBounds(long offset, long length) {
    return file.inBounds(offset, length);
  }

  @Override
  public int readInt(long offset) {
    return file.readInt(offset);
  }

  @Override
  public void writeInt(long offset, int value) {
    file.writeInt(offset, value);
    wrote(offset, 4);
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    file.readHeader(offset, header);
  }

  @Override
  public void writeHeader(long offset, RecordHeader header) {
    file.writeHeader(offset, header);
    wrote(offset, TdbLayout.RECORD_HEADER);
  }

  @Override
  public void read(long offset, byte[] to, int at, int length) {
    file.read(offset, to, at, length);
  }

  @Override
  public void write(long offset, MemorySegment from, long at, long length) {
    file.write(offset, from, at, length);
    wrote(offset, length);
  }

  @Override
  public boolean matches(long offset, MemorySegment bytes, long at, long length) {
    return file.matches(offset, bytes, at, length);
  }

  @Override
  public boolean matches(long offset, byte[] bytes) {
    return file.matches(offset, bytes);
  }

  @Override
  public MemorySegment view(long offset, long length) {
    return file.view(offset, length);
  }

  @Override
  public void grow(long size, long addition) {
    file.grow(size, addition);
    log.add(new Grow(file.size()));
  }

  @Override
  public void addToSequenceNumber() {
    file.addToSequenceNumber();
    wrote(TdbLayout.OFF_SEQUENCE_NUMBER, 4);
  }

  @Override
  public int sequenceNumber() {
    return file.sequenceNumber();
  }
}
