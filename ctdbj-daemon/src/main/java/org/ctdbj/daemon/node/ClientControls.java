// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.body.NotifyData;
import org.ctdbj.protocol.body.PidSrvid;

/**
 * Controls by which clients say what they want to hear and ask whether other processes live. Node
 * thread only.
 */
final class ClientControls {
  /** Status of DEREGISTER_SRVID for something that was never registered: ENOENT. */
  private static final int NOT_REGISTERED = 2;

  private final NodeCore node;
  private final MessageTable messages;

  ClientControls(NodeCore node, MessageTable messages) {
    this.node = node;
    this.messages = messages;
  }

  /** What a control does for the client that sent it; gives the status. */
  @FunctionalInterface
  private interface ForClient {
    int apply(Client client, ControlRequest request);
  }

  void register(ControlTable controls) {
    forClient(
        controls,
        Control.REGISTER_SRVID,
        (client, request) -> {
          messages.register(request.srvid(), client);
          return 0;
        });
    forClient(
        controls,
        Control.DEREGISTER_SRVID,
        (client, request) -> messages.deregister(request.srvid(), client) ? 0 : NOT_REGISTERED);
    forClient(
        controls,
        Control.TUNNEL_REGISTER,
        (client, request) -> messages.openTunnel(request.srvid(), client) ? 0 : -1);
    forClient(
        controls,
        Control.TUNNEL_DEREGISTER,
        (client, request) -> messages.closeTunnel(request.srvid(), client) ? 0 : -1);
    forClient(controls, Control.REGISTER_NOTIFY, ClientControls::registerNotify);
    forClient(
        controls,
        Control.DEREGISTER_NOTIFY,
        (client, request) -> client.removeNotification(request.data().getLong(0)) ? 0 : -1);
    forClient(
        controls,
        Control.START_PERSISTENT_UPDATE,
        (client, request) -> {
          client.addPersistentUpdates(1);
          return 0;
        });
    forClient(
        controls,
        Control.CANCEL_PERSISTENT_UPDATE,
        (client, request) -> {
          client.addPersistentUpdates(-1);
          return 0;
        });
    controls.register(Control.PROCESS_EXISTS, this::processExists);
    controls.register(Control.CHECK_PID_SRVID, this::checkPidSrvid);
  }

  private void forClient(ControlTable controls, Control control, ForClient action) {
    controls.register(
        control,
        request -> {
          Client client = request.source() == node.pnn() ? node.client(request.clientId()) : null;
          request.reply(client == null ? -1 : action.apply(client, request));
        });
  }

  private static int registerNotify(Client client, ControlRequest request) {
    NotifyData notify = NotifyData.decode(request.data());
    int expected = 12 + notify.data().length();
    if (request.data().length() != expected) {
      throw new ProtocolException(
          "notify_data: expected " + expected + " bytes, found " + request.data().length());
    }
    return client.addNotification(notify.srvid(), notify.data().detached()) ? 0 : -1;
  }

  /** Only processes that are connected to this daemon count. */
  private void processExists(ControlRequest request) {
    int pid = request.data().getInt(0);
    Client client = node.clientOfProcess(pid);
    if (client == null) {
      request.reply(-1);
    } else if (NodeFlags.isInactive(node.ownFlags())) {
      // It works with records that this node has no part in any more.
      client.port().close();
      request.reply(-1);
    } else {
      request.reply(node.processExists(pid) ? 0 : -1);
    }
  }

  private void checkPidSrvid(ControlRequest request) {
    PidSrvid wanted = PidSrvid.decode(request.data());
    request.reply(messages.registered(wanted.srvid(), wanted.pid()) ? 0 : -1);
  }
}
