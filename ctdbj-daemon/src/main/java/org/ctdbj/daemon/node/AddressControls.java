// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.body.PublicIp;
import org.ctdbj.protocol.body.TickleList;

/**
 * Controls about public addresses, as a node answers them that has none: this version does not
 * serve any. Node thread only.
 */
final class AddressControls {
  /** Status of the tickle controls: not a public address of this node. */
  private static final int NOT_PUBLIC = 1;

  /** A list without entries. */
  private static final Bytes NONE = Bytes.ofInt(0);

  private final int ownPnn;

  AddressControls(int ownPnn) {
    this.ownPnn = ownPnn;
  }

  void register(ControlTable controls) {
    controls.register(Control.GET_PUBLIC_IPS, request -> request.reply(NONE));
    controls.register(Control.GET_IFACES, request -> request.reply(NONE));
    controls.register(Control.GET_PUBLIC_IP_INFO, request -> request.reply(-1));
    controls.register(Control.RELEASE_IP, request -> request.reply(0));
    controls.register(Control.TAKEOVER_IP, this::takeOver);
    controls.register(Control.IPREALLOCATED, request -> request.reply(0));
    // Later leaders send this one too, and ban a node that does not know it; 4.17 does not.
    controls.register(Control.START_IPREALLOCATE, request -> request.reply(0));
    for (Control control :
        new Control[] {
          Control.TCP_CLIENT, Control.TCP_ADD, Control.TCP_REMOVE, Control.TCP_ADD_DELAYED_UPDATE
        }) {
      controls.register(control, request -> request.reply(0));
    }
    controls.register(Control.GET_TCP_TICKLE_LIST, request -> request.reply(NOT_PUBLIC));
    controls.register(Control.SET_TCP_TICKLE_LIST, AddressControls::setTickles);
  }

  /** An address that this node does not know needs no work; one meant for another node is wrong. */
  private void takeOver(ControlRequest request) {
    request.reply(PublicIp.decode(request.data()).pnn() == ownPnn ? 0 : -1);
  }

  private static void setTickles(ControlRequest request) {
    // A damaged list is refused, as by ctdbd, before it is found to be for nobody here.
    var _ = TickleList.decode(request.data());
    request.reply(NOT_PUBLIC);
  }
}
