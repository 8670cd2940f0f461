// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.io.Serial;

/**
 * Bytes that are not what the protocol says they must be. The message names the field, what was
 * expected and found.
 */
public class ProtocolException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** With the text for the log. */
  public ProtocolException(String message) {
    super(message);
  }
}
