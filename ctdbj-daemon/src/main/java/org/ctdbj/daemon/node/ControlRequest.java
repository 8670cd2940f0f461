// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;

/** A control that this node has to execute. Node thread only. */
public interface ControlRequest {
  /** Which control. */
  Control control();

  /** Node that sent it, and that gets the reply. */
  int source();

  /** Service id of the request. */
  long srvid();

  /**
   * The source's id of the client that asked; 0 for none. A local client only if {@link #source()}
   * is the own node.
   */
  int clientId();

  /** {@link org.ctdbj.protocol.ControlFlags}. */
  int flags();

  /** Body; its exact size has been checked where the protocol fixes it. */
  Bytes data();

  /**
   * Answers with status 0 and a body. The second answer to the same request is a bug and throws.
   */
  void reply(Bytes data);

  /** Answers with a status and no body. */
  void reply(int status);

  /** Answers with status -1 and a text. */
  void fail(String error);
}
