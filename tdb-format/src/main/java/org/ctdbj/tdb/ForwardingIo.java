// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Passes every call on; a subclass adds to some. */
abstract class ForwardingIo implements TdbIo {
  private final TdbIo io;

  ForwardingIo(TdbIo io) {
    this.io = io;
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    io.readHeader(offset, header);
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
