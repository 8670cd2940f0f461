// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Srvid;
import org.ctdbj.protocol.packet.ReqMessage;

/** Who wants messages for which service id, and who owns which tunnel. Node thread only. */
final class MessageTable {
  private final Map<Long, List<Registration>> registrations = new HashMap<>();
  private final Map<Long, Client> tunnels = new HashMap<>();
  private final BiConsumer<Client, ReqMessage> sender;

  /**
   * @param sender sends a message whose header is complete
   */
  MessageTable(BiConsumer<Client, ReqMessage> sender) {
    this.sender = sender;
  }

  /**
   * One receiver; the same client may have several for one service id, and then gets a message
   * several times.
   */
  private record Registration(Client client, Consumer<Bytes> handler) {}

  void register(long srvid, Client client) {
    add(srvid, new Registration(client, null));
    client.srvids().add(srvid);
  }

  void register(long srvid, Consumer<Bytes> handler) {
    add(srvid, new Registration(null, handler));
  }

  private void add(long srvid, Registration registration) {
    // The newest gets a message first, as in ctdbd. A new list: a message may be on its way through
    // the old one.
    List<Registration> old = registrations.getOrDefault(srvid, List.of());
    List<Registration> changed = new ArrayList<>(old.size() + 1);
    changed.add(registration);
    changed.addAll(old);
    registrations.put(srvid, changed);
  }

  /** Removes one registration of the client; false if it has none. */
  boolean deregister(long srvid, Client client) {
    boolean removed = remove(srvid, registration -> registration.client() == client);
    if (removed) {
      client.srvids().remove(srvid);
    }
    return removed;
  }

  boolean deregister(long srvid, Consumer<Bytes> handler) {
    return remove(srvid, registration -> handler.equals(registration.handler()));
  }

  private boolean remove(long srvid, java.util.function.Predicate<Registration> which) {
    List<Registration> old = registrations.getOrDefault(srvid, List.of());
    for (int i = 0; i < old.size(); i++) {
      if (which.test(old.get(i))) {
        List<Registration> changed = new ArrayList<>(old);
        changed.remove(i);
        put(srvid, changed);
        return true;
      }
    }
    return false;
  }

  private void put(long srvid, List<Registration> changed) {
    if (changed.isEmpty()) {
      registrations.remove(srvid);
    } else {
      registrations.put(srvid, changed);
    }
  }

  /** Forgets everything of a client. */
  void removeClient(Client client) {
    for (Long srvid : client.srvids()) {
      List<Registration> changed = new ArrayList<>(registrations.getOrDefault(srvid, List.of()));
      changed.removeIf(registration -> registration.client() == client);
      put(srvid, changed);
    }
    client.srvids().clear();
    tunnels.values().removeIf(owner -> owner == client);
  }

  /**
   * Whether a client whose process has this id has registered the service id. Samba asks this for
   * every process that is in its way, so only the registrations of that service id are looked at.
   */
  boolean registered(long srvid, int pid) {
    List<Registration> holders = registrations.get(srvid);
    if (holders != null) {
      for (Registration holder : holders) {
        if (holder.client() != null && holder.client().pid() == pid) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Hands a message to all who want it, then to those who want every message; who has registered
   * {@link Srvid#ALL} gets a message to that very id twice, as from ctdbd.
   *
   * @param message with the header that clients are to see
   */
  void dispatch(ReqMessage message, int maxQueuedPackets) {
    deliver(registrations.get(message.srvid()), message, maxQueuedPackets);
    deliver(registrations.get(Srvid.ALL), message, maxQueuedPackets);
  }

  private void deliver(List<Registration> receivers, ReqMessage message, int maxQueuedPackets) {
    if (receivers == null) {
      return;
    }
    for (Registration receiver : receivers) {
      if (receiver.handler() != null) {
        receiver.handler().accept(message.data());
      } else if (Integer.compareUnsigned(receiver.client().port().queuedPackets(), maxQueuedPackets)
          > 0) {
        // It does not read. Other packets are never refused; messages could pile up without end.
        receiver.client().port().close();
      } else {
        sender.accept(receiver.client(), message);
      }
    }
  }

  /** Gives a tunnel to a client; false if it has an owner. */
  boolean openTunnel(long tunnelId, Client client) {
    return tunnels.putIfAbsent(tunnelId, client) == null;
  }

  boolean closeTunnel(long tunnelId, Client client) {
    return tunnels.remove(tunnelId, client);
  }

  /** The owner of a tunnel, or null. */
  Client tunnelOwner(long tunnelId) {
    return tunnels.get(tunnelId);
  }
}
