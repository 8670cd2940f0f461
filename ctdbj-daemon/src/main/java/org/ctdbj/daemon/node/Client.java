// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ctdbj.protocol.Bytes;

/** One local client: a connection to the socket, or the recovery core. Node thread only. */
final class Client {
  private final int id;
  private final ClientPort port;
  private final Map<Long, Bytes> notifications = new LinkedHashMap<>();
  private final List<Runnable> goneListeners = new ArrayList<>();
  private final List<Long> srvids = new ArrayList<>();
  private int persistentUpdates;

  Client(int id, ClientPort port) {
    this.id = id;
    this.port = port;
  }

  int id() {
    return id;
  }

  int pid() {
    return port.peerPid();
  }

  ClientPort port() {
    return port;
  }

  /** What it has registered, with repetitions; {@link MessageTable} keeps it. */
  List<Long> srvids() {
    return srvids;
  }

  /** Adds a notification; false if there is one for the service id. */
  boolean addNotification(long srvid, Bytes data) {
    return notifications.putIfAbsent(srvid, data) == null;
  }

  boolean removeNotification(long srvid) {
    return notifications.remove(srvid) != null;
  }

  Map<Long, Bytes> notifications() {
    return notifications;
  }

  void onGone(Runnable listener) {
    goneListeners.add(listener);
  }

  List<Runnable> goneListeners() {
    return goneListeners;
  }

  void addPersistentUpdates(int amount) {
    persistentUpdates = Math.max(0, persistentUpdates + amount);
  }

  boolean hasPersistentUpdates() {
    return persistentUpdates > 0;
  }
}
