// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

/** Executes one kind of control on this node. */
@FunctionalInterface
public interface ControlHandler {
  /**
   * Handles the request and answers it through its reply methods exactly once, now or later.
   * Whatever it throws is logged and answered with status -1. Node thread.
   */
  void handle(ControlRequest request);
}
