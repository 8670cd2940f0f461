// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Generations: a random number for each recovery. */
public final class Generation {
  /** No recovery has taken place yet, or the node has been taken out. */
  public static final int INVALID = 1;

  private Generation() {}
}
