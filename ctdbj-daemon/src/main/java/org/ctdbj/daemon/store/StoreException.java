// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import java.io.Serial;

/**
 * A file could not be opened, read or written. The message names file, place, what was expected and
 * found.
 */
public final class StoreException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final boolean noRoom;

  /** With the text for the log. */
  public StoreException(String message, Throwable cause) {
    this(message, cause, false);
  }

  private StoreException(String message, Throwable cause, boolean noRoom) {
    super(message, cause);
    this.noRoom = noRoom;
  }

  /** What could not be written has no room on the disk now. */
  public static StoreException noRoom(String message, Throwable cause) {
    return new StoreException(message, cause, true);
  }

  /**
   * Whether there was no room (full disk or quota, largest file size). The file is whole and as it
   * was: it can be read, what fits can be written, and the same may succeed later.
   */
  public boolean isNoRoom() {
    return noRoom;
  }
}
