// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.nio.file.Path;
import java.util.List;

/**
 * The result of {@link Tdb#check}.
 *
 * @param file the file that was checked
 * @param size its logical size in bytes
 * @param liveRecords records that a lookup can find
 * @param deadRecords deleted records that still stand in a chain
 * @param freeRecords records on the free list
 * @param findings what is wrong, in the order of its discovery; empty if the file is good
 */
public record CheckReport(
    Path file,
    long size,
    long liveRecords,
    long deadRecords,
    long freeRecords,
    List<Finding> findings) {
  /**
   * No more findings than this are collected: one damaged length can make all that follows look
   * wrong.
   */
  static final int MAX_FINDINGS = 1000;

  public CheckReport {
    findings = List.copyOf(findings);
  }

  /**
   * Bytes that break a rule of the format.
   *
   * @param offset logical offset of the header, list head or record at fault
   */
  public record Finding(long offset, String expected, String found) {
    @Override
    public String toString() {
      return "at offset " + offset + ": expected " + expected + ", found " + found;
    }
  }

  public boolean isGood() {
    return findings.isEmpty();
  }
}
