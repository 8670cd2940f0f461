// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;

/**
 * The recovery core's way to all daemons, its own included: it is an ordinary client of its own
 * daemon. All methods return at once and never throw because of the network; callbacks come later,
 * on the core's thread, never inside the call.
 */
public interface ClusterPort {
  /** The own node's number. */
  int pnn();

  /**
   * Sends a control to one node and calls back exactly once: with the answer, at once if the node
   * is disconnected or becomes so, or when the time is over.
   *
   * @param pnn a real node number, the own one included
   * @param flags {@link org.ctdbj.protocol.ControlFlags}, without NOREPLY
   * @param timeoutSeconds 0 waits for ever
   */
  void control(
      int pnn,
      Control control,
      long srvid,
      int flags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done);

  /** Sends a message; lost if the destination is not connected. Broadcasts include the own node. */
  void message(int destination, long srvid, Bytes data);

  /** From now on messages to this service id reach the handler. */
  void subscribe(long srvid, MessageHandler handler);

  /** Undoes {@link #subscribe}. */
  void unsubscribe(long srvid);

  /** Receives messages. */
  @FunctionalInterface
  interface MessageHandler {
    /** One message, on the core's thread. */
    void onMessage(long srvid, Bytes data);
  }
}
