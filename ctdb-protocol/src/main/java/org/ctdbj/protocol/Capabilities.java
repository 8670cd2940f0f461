// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** What a node may be used for. */
public final class Capabilities {
  /** May become leader. */
  public static final int LEADER = 0x1;

  /** May be location master. */
  public static final int LMASTER = 0x2;

  /** Understands database recovery by messages; always set by 4.17. */
  public static final int PARALLEL_RECOVERY = 0x1_0000;

  /** Understands fragmented controls; always set by 4.17. */
  public static final int FRAGMENTED_CONTROLS = 0x2_0000;

  /** What a node has unless configured otherwise. */
  public static final int DEFAULT = LEADER | LMASTER | PARALLEL_RECOVERY | FRAGMENTED_CONTROLS;

  private Capabilities() {}
}
