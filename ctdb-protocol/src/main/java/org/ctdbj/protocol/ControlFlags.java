// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** Flags of a control request. */
public final class ControlFlags {
  /** No reply is wanted. */
  public static final int NOREPLY = 0x1;

  /** GET_PUBLIC_IPS: only the addresses that the node could host now. */
  public static final int ONLY_AVAILABLE = 0x0001_0000;

  /** DB_ATTACH*: sent by a recovery, so not to be put off until it ends. */
  public static final int ATTACH_RECOVERY = 0x0002_0000;

  private ControlFlags() {}
}
