// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.io.Serial;

/**
 * Something an administrator wrote cannot be used. The message names the file and line (or the
 * variable), what was found there and what was expected.
 */
public final class ConfigurationException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** With the text for the administrator. */
  public ConfigurationException(String message) {
    super(message);
  }

  /** With the text for the administrator and the failure behind it. */
  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
