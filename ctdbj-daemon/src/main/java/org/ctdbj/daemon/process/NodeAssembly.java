// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

/**
 * Puts the cores of a node together; found by {@link java.util.ServiceLoader}, so that the process
 * knows none of them.
 */
@FunctionalInterface
public interface NodeAssembly {
  /**
   * Makes a node that does nothing yet. Not on the node thread, and may block: opens the persistent
   * databases.
   *
   * @throws StartFailure if the node cannot work; ends the daemon
   */
  Node assemble(NodeParts parts) throws StartFailure;
}
