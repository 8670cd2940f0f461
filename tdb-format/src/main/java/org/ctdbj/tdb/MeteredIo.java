// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/**
 * Tells from the record headers that are read how far a walk through a file is: one that goes along
 * the file reads each of them once, one that also follows all lists twice. Everything else goes
 * straight to the file.
 */
final class MeteredIo extends ForwardingIo {
  private final int passes;
  private final WorkProgress progress;
  private long passed;

  /**
   * Meters a walk.
   *
   * @param passes how often it reads each record's header
   */
  MeteredIo(TdbIo io, int passes, WorkProgress progress) {
    super(io);
    this.passes = passes;
    this.progress = progress;
  }

  @Override
  public void readHeader(long offset, RecordHeader header) {
    super.readHeader(offset, header);
    long total = Math.max(1, size()) * passes;
    // A damaged file can have any length in a header, and any number of visits to it.
    passed = Math.min(total, passed + Math.min(size(), header.fullLength()));
    progress.at(passed, total);
  }
}
