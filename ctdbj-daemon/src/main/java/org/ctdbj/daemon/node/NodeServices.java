// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.Runstate;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.body.VnnMap;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.RandomSource;
import org.ctdbj.recovery.door.Timers;

/**
 * What the parts of a node (record engines, database controls, traverses, transactions) may ask of
 * it. Node thread only; nothing here blocks, and no callback runs inside the call that asked for
 * it.
 */
public interface NodeServices {
  /** The own node number. */
  int pnn();

  /**
   * The map in force; generation {@link org.ctdbj.protocol.Generation#INVALID} before the first
   * recovery.
   */
  VnnMap vnnMap();

  /** Whether a recovery is going on. */
  RecoveryMode recoveryMode();

  /** How far the node is on its way up or down. */
  Runstate runstate();

  /**
   * {@link org.ctdbj.protocol.NodeFlags} of a node in the own view; DELETED|DISCONNECTED for an
   * unknown number.
   */
  int nodeFlags(int pnn);

  /**
   * The nodes that a destination means now: one number, or what a broadcast expands to, ascending,
   * own one included.
   */
  List<Integer> expand(int destination);

  /** Value of a tunable now (unsigned). */
  int tunable(Tunable tunable);

  /** Time. */
  Timers timers();

  /** Chance. */
  RandomSource random();

  /** The log. */
  EventLog log();

  /** The id space shared by calls, controls, traverses and clients. */
  ReqidTable reqids();

  /** Counters behind the STATISTICS control. */
  NodeStatistics statistics();

  /**
   * Sends a packet to {@code header().destination()}, which is one real node. For the own node it
   * comes back through the input queue, after the present work. Silently lost if there is no
   * connection. The header is sent as it is.
   */
  void send(Packet packet);

  /**
   * Sends a control and calls back exactly once: with the answer, at once with status -1 if the
   * node is not connected, with -1 when it is lost, or after the time. Own node included.
   *
   * @param pnn a real node
   * @param clientId the local client on whose behalf this is sent; 0 for none
   * @param flags {@link org.ctdbj.protocol.ControlFlags} without NOREPLY
   * @param timeoutSeconds 0 waits for ever
   */
  void control(
      int pnn,
      Control control,
      long srvid,
      int clientId,
      int flags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done);

  /** Sends a control for which no answer is wanted, to one node or a broadcast destination. */
  void controlNoReply(int destination, Control control, long srvid, int clientId, Bytes data);

  /**
   * Sends a message to one node or a broadcast destination; for the own node it comes after the
   * present work.
   */
  void message(int destination, long srvid, Bytes data);

  /** Delivers a message to the local registrations of the srvid (and of SRVID_ALL) now. */
  void dispatch(long srvid, Bytes data);

  /**
   * From now on the handler gets the messages that reach this node for the srvid, besides clients.
   */
  void subscribe(long srvid, Consumer<Bytes> handler);

  /** Undoes {@link #subscribe}. */
  void unsubscribe(long srvid, Consumer<Bytes> handler);

  /** Whether a local client with this id is still connected. */
  boolean clientConnected(int clientId);

  /**
   * Sends a packet to a local client. Of its header only the reqid counts; generation, destination
   * 0 and source are filled in. Lost if the client is gone.
   */
  void sendToClient(int clientId, Packet packet);

  /**
   * Sets the own recovery mode to ACTIVE, so that the leader starts a recovery; the reason goes to
   * the log.
   */
  void forceRecovery(String reason);

  /**
   * Something that other nodes wait for cannot be stored here, for want of room. Called again and
   * again while that is so, at least every few seconds; if it lasts, the node leaves the cluster
   * for a while.
   */
  void cannotServeOthers(String reason);

  /**
   * Calls back once when a local client has gone, however that happened. Not called if it has gone
   * already.
   */
  void onClientGone(int clientId, Runnable gone);
}
