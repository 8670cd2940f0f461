// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Tells from the record headers that are read how far a walk through a file is: one that goes along
 * the file reads each of them once, one that also follows all lists twice. Everything else goes
 * straight to the file.
 */
final class MeteredIo implements TdbIo {
  private final TdbIo io;
  private final int passes;
  private final WorkProgress progress;
  private long passed;

  /**
   * Meters a walk.
   *
   * @param passes how often it reads each record's header
   */
  MeteredIo(TdbIo io, int passes, WorkProgress progress) {
    this.io = io;
    this.passes = passes;
    this.progress = progress;
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    io.readHeader(offset, header);
    long total = Math.max(1, io.size()) * passes;
    // A damaged file can have any length in a header, and any number of visits to it.
    passed = Math.min(total, passed + Math.min(io.size(), header.fullLength()));
    progress.at(passed, total);
  }

  @Override
  public Path path() {
    return io.path();
  }

  @Override
  public boolean convert() {
    return io.convert();
  }

  @Override
  public long size() {
    return io.size();
  }

  @Override
  public void refresh() {
    io.refresh();
  }

  @Override
  public boolean inBounds(long offset, long length) {
    return io.inBounds(offset, length);
  }

  @Override
  public int readInt(long offset) {
    return io.readInt(offset);
  }

  @Override
  public void writeInt(long offset, int value) {
    io.writeInt(offset, value);
  }

  @Override
  public void writeHeader(long offset, RecordHeader header) {
    io.writeHeader(offset, header);
  }

  @Override
  public void read(long offset, byte[] to, int at, int length) {
    io.read(offset, to, at, length);
  }

  @Override
  public void write(long offset, MemorySegment from, long at, long length) {
    io.write(offset, from, at, length);
  }

  @Override
  public boolean matches(long offset, MemorySegment bytes, long at, long length) {
    return io.matches(offset, bytes, at, length);
  }

  @Override
  public boolean matches(long offset, byte[] bytes) {
    return io.matches(offset, bytes);
  }

  @Override
  public MemorySegment view(long offset, long length) {
    return io.view(offset, length);
  }

  @Override
  public void grow(long size, long addition) {
    io.grow(size, addition);
  }

  @Override
  public void addToSequenceNumber() {
    io.addToSequenceNumber();
  }

  @Override
  public int sequenceNumber() {
    return io.sequenceNumber();
  }
}
