// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery.door;

/** Chance, so that a simulation can be repeated. */
@FunctionalInterface
public interface RandomSource {
  /** Any 32-bit value, all equally likely. */
  int nextInt();
}
