// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import java.io.Serial;
import org.ctdbj.protocol.ProtocolException;

/** A frame that is not a packet. What has to be done with its sender depends on the reason. */
public final class FrameException extends ProtocolException {
  @Serial private static final long serialVersionUID = 1L;

  /** What is wrong. */
  public enum Reason {
    /** Shorter than a header, or not as long as it says. */
    LENGTH,
    /** Not this protocol. */
    MAGIC,
    /** Another version of it. */
    VERSION,
    /** No such operation. */
    OPERATION,
    /** The lengths inside do not fit. */
    BODY
  }

  private final Reason reason;

  FrameException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** What is wrong. */
  public Reason reason() {
    return reason;
  }
}
