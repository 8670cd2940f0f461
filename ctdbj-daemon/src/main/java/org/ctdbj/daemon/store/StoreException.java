// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import java.io.Serial;

/**
 * A file could not be opened, read or written. The message names file, place, what was expected and
 * found.
 */
public final class StoreException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** With the text for the log. */
  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
