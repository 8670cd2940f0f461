// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import org.ctdbj.daemon.net.ClientEvents;
import org.ctdbj.daemon.net.LinkEvents;

/** The cores of one node, put together, as the process sees them. Node thread only. */
public interface Node extends ClientEvents, LinkEvents {
  /** Begins the way up; clients are accepted and links are tried from now on. */
  void start();

  /**
   * Begins the way down: no more recoveries, keepalives or checks, databases are closed.
   *
   * @param stopped called once, on the node thread, when nothing of the node writes to any file any
   *     more
   */
  void stop(Runnable stopped);
}
