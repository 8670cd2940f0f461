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
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReqMessage;

/** Who wants messages for which service id, and who owns which tunnel. Node thread only. */
final class MessageTable {
  private final Map<Long, List<Registration>> registrations = new HashMap<>();
  private final Map<Long, Client> tunnels = new HashMap<>();
  private final BiConsumer<Client, Packet> sender;

  /**
   * @param sender fills in the header and sends
   */
  MessageTable(BiConsumer<Client, Packet> sender) {
    this.sender = sender;
  }

  /**
   * One receiver; the same client may have several for one service id, and then gets a message
   * several times.
   */
  private record Registration(Client client, Consumer<Bytes> handler) {}

  void register(long srvid, Client client) {
    add(srvid, new Registration(client, null));
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
    return remove(srvid, registration -> client.equals(registration.client()));
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
    for (Long srvid : List.copyOf(registrations.keySet())) {
      List<Registration> old = registrations.get(srvid);
      if (old.stream().anyMatch(registration -> client.equals(registration.client()))) {
        put(srvid, old.stream().filter(r -> !client.equals(r.client())).toList());
      }
    }
    tunnels.values().removeIf(owner -> owner.equals(client));
  }

  boolean registered(long srvid, Client client) {
    for (Registration registration : registrations.getOrDefault(srvid, List.of())) {
      if (client.equals(registration.client())) {
        return true;
      }
    }
    return false;
  }

  /** Hands a message to all who want it, then to those who want every message. */
  void dispatch(long srvid, Bytes data, int maxQueuedPackets) {
    deliver(registrations.get(srvid), srvid, data, maxQueuedPackets);
    if (srvid != Srvid.ALL) {
      deliver(registrations.get(Srvid.ALL), srvid, data, maxQueuedPackets);
    }
  }

  private void deliver(List<Registration> receivers, long srvid, Bytes data, int maxQueuedPackets) {
    if (receivers == null) {
      return;
    }
    for (Registration receiver : receivers) {
      if (receiver.handler() != null) {
        receiver.handler().accept(data);
      } else if (Integer.compareUnsigned(receiver.client().port().queuedPackets(), maxQueuedPackets)
          > 0) {
        // It does not read. Other packets are never refused; messages could pile up without end.
        receiver.client().port().close();
      } else {
        sender.accept(receiver.client(), new ReqMessage(new Header(0, 0, 0, 0), srvid, data));
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
