// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.packet;

import java.io.Serial;
import org.ctdbj.protocol.ProtocolException;

/**
 * A frame that is not a packet. What ctdbd 4.17 does about it depends on the reason and on who sent
 * it: from a client it ignores the frame and keeps the connection, whatever the reason, unless the
 * end of the frame cannot be found. For frames of other nodes see the reasons.
 */
public final class FrameException extends ProtocolException {
  @Serial private static final long serialVersionUID = 1L;

  /** What is wrong. */
  public enum Reason {
    /** Shorter than a header, or not as long as it says. A node that sends this counts as dead. */
    LENGTH,
    /** Not this protocol. A node that sends this counts as dead. */
    MAGIC,
    /** Another version of it. A node that sends this counts as dead. */
    VERSION,
    /** No such operation. Logged and ignored. */
    OPERATION,
    /**
     * The lengths inside do not fit. Later versions log and drop it; 4.17 reads past the end of its
     * buffer.
     */
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
