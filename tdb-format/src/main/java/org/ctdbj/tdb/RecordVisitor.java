// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/** Receives the records of a traverse. */
@FunctionalInterface
public interface RecordVisitor {
  /**
   * One live record. The arrays are the visitor's own.
   *
   * @return whether to go on
   */
  boolean visit(byte[] key, byte[] value);
}
